-- What follows the move of the rows: the queue's indexes, the counters' triggers, look-ups without a company.

DROP TABLE blacklist;

ALTER TABLE leads DROP COLUMN zone_offset_min;

-- A lead waits ready, or until due_at; a lease makes those ready whose instant has come. So whatever is put off,
-- however much of it, stands in no index that a lease reads in the order of dialling. (CASE, not COALESCE: under
-- row-level security only conditions that cannot leak are looked up in an index, and COALESCE does not count as such.)
CREATE INDEX leads_later_idx ON leads (campaign_id, (CASE WHEN zone IS NULL THEN '' ELSE zone END), due_at)
WHERE state = 'waiting' AND NOT ready;

CREATE INDEX leads_attempts_idx ON leads (
    campaign_id, (CASE WHEN zone IS NULL THEN '' ELSE zone END), attempts,
    (CASE WHEN priority IS NULL THEN 2147483647 ELSE priority END), order_key
) WHERE state = 'waiting' AND ready;

CREATE INDEX leads_age_idx ON leads (
    campaign_id, (CASE WHEN zone IS NULL THEN '' ELSE zone END),
    (CASE WHEN priority IS NULL THEN 2147483647 ELSE priority END), added_at, id
) WHERE state = 'waiting' AND ready;

CREATE INDEX leads_bucket_idx ON leads (campaign_id, (
    CASE WHEN state IN ('reached', 'failed') THEN state WHEN attempts > 0 THEN 'will_call_again' ELSE 'not_called' END
), id);

-- The counters of a campaign are the sum of its rows. A transaction adds to one that no other holds, or to a new one,
-- so it never waits for another's end; there are as many rows as there were transactions at once.
CREATE FUNCTION zvonar_add_leads(
    company bigint, campaign bigint, more_not_called bigint, more_will_call_again bigint, more_reached bigint,
    more_failed bigint, more_deleted bigint
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF more_not_called = 0 AND more_will_call_again = 0 AND more_reached = 0 AND more_failed = 0 AND more_deleted = 0 THEN
        RETURN;
    END IF;
    UPDATE public.campaign_counts c
    SET not_called = c.not_called + more_not_called, will_call_again = c.will_call_again + more_will_call_again,
        reached = c.reached + more_reached, failed = c.failed + more_failed, deleted = c.deleted + more_deleted
    WHERE c.company_id = company AND c.id = (
        SELECT f.id FROM public.campaign_counts f WHERE f.campaign_id = campaign
        ORDER BY f.id LIMIT 1 FOR UPDATE SKIP LOCKED
    );
    IF NOT FOUND THEN
        INSERT INTO public.campaign_counts
            (company_id, campaign_id, not_called, will_call_again, reached, failed, deleted)
        SELECT company, campaign, more_not_called, more_will_call_again, more_reached, more_failed, more_deleted
        WHERE EXISTS (SELECT FROM public.campaigns k WHERE k.company_id = company AND k.id = campaign);
    END IF;
END
$$;

CREATE FUNCTION zvonar_count_leads() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    more record;
BEGIN
    IF TG_OP = 'INSERT' THEN
        FOR more IN
            SELECT n.company_id, n.campaign_id,
                count(*) FILTER (WHERE n.state IN ('waiting', 'dialling') AND n.attempts = 0) AS not_called,
                count(*) FILTER (WHERE n.state IN ('waiting', 'dialling') AND n.attempts > 0) AS will_call_again,
                count(*) FILTER (WHERE n.state = 'reached') AS reached,
                count(*) FILTER (WHERE n.state = 'failed') AS failed
            FROM added n GROUP BY 1, 2 ORDER BY 1, 2
        LOOP
            PERFORM zvonar_add_leads(
                more.company_id, more.campaign_id, more.not_called, more.will_call_again, more.reached, more.failed, 0
            );
        END LOOP;
    ELSIF TG_OP = 'DELETE' THEN
        FOR more IN
            SELECT o.company_id, o.campaign_id, count(*) AS leads,
                count(*) FILTER (WHERE o.state IN ('waiting', 'dialling') AND o.attempts = 0) AS not_called,
                count(*) FILTER (WHERE o.state IN ('waiting', 'dialling') AND o.attempts > 0) AS will_call_again,
                count(*) FILTER (WHERE o.state = 'reached') AS reached,
                count(*) FILTER (WHERE o.state = 'failed') AS failed
            FROM removed o GROUP BY 1, 2 ORDER BY 1, 2
        LOOP
            PERFORM zvonar_add_leads(
                more.company_id, more.campaign_id, -more.not_called, -more.will_call_again, -more.reached, -more.failed,
                more.leads
            );
        END LOOP;
    ELSE
        FOR more IN
            SELECT b.company_id, b.campaign_id,
                COALESCE(sum(b.n) FILTER (WHERE b.state IN ('waiting', 'dialling') AND b.attempts = 0), 0) AS not_called,
                COALESCE(sum(b.n) FILTER (WHERE b.state IN ('waiting', 'dialling') AND b.attempts > 0), 0)
                    AS will_call_again,
                COALESCE(sum(b.n) FILTER (WHERE b.state = 'reached'), 0) AS reached,
                COALESCE(sum(b.n) FILTER (WHERE b.state = 'failed'), 0) AS failed
            FROM (
                SELECT n.company_id, n.campaign_id, n.state, n.attempts, 1 AS n FROM added n
                UNION ALL SELECT o.company_id, o.campaign_id, o.state, o.attempts, -1 FROM removed o
            ) AS b GROUP BY 1, 2 ORDER BY 1, 2
        LOOP
            PERFORM zvonar_add_leads(
                more.company_id, more.campaign_id, more.not_called, more.will_call_again, more.reached, more.failed, 0
            );
        END LOOP;
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION zvonar_add_results(
    company bigint, campaign bigint, of_result text, more_attempts bigint, more_talk_ms bigint, more_spent numeric
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE public.campaign_results c
    SET attempts = c.attempts + more_attempts, talk_ms = c.talk_ms + more_talk_ms, spent = c.spent + more_spent
    WHERE c.company_id = company AND c.id = (
        SELECT f.id FROM public.campaign_results f WHERE f.campaign_id = campaign AND f.result = of_result
        ORDER BY f.id LIMIT 1 FOR UPDATE SKIP LOCKED
    );
    IF NOT FOUND THEN
        INSERT INTO public.campaign_results (company_id, campaign_id, result, attempts, talk_ms, spent)
        SELECT company, campaign, of_result, more_attempts, more_talk_ms, more_spent
        WHERE EXISTS (SELECT FROM public.campaigns k WHERE k.company_id = company AND k.id = campaign);
    END IF;
END
$$;

CREATE FUNCTION zvonar_talk_ms(answered_at timestamptz, ended_at timestamptz) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT COALESCE(round(extract(epoch FROM ended_at - answered_at) * 1000), 0)::bigint $$;

CREATE FUNCTION zvonar_count_results() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    more record;
BEGIN
    IF TG_OP = 'INSERT' THEN
        FOR more IN
            SELECT n.company_id, n.campaign_id, n.result, count(*) AS attempts,
                sum(zvonar_talk_ms(n.answered_at, n.ended_at)) AS talk_ms, sum(n.cost) AS spent
            FROM added n WHERE n.result IS NOT NULL GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
        LOOP
            PERFORM zvonar_add_results(
                more.company_id, more.campaign_id, more.result, more.attempts, more.talk_ms::bigint, more.spent
            );
        END LOOP;
    ELSIF TG_OP = 'DELETE' THEN
        FOR more IN
            SELECT o.company_id, o.campaign_id, o.result, count(*) AS attempts,
                sum(zvonar_talk_ms(o.answered_at, o.ended_at)) AS talk_ms, sum(o.cost) AS spent
            FROM removed o WHERE o.result IS NOT NULL GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
        LOOP
            PERFORM zvonar_add_results(
                more.company_id, more.campaign_id, more.result, -more.attempts, -more.talk_ms::bigint, -more.spent
            );
        END LOOP;
    ELSE
        FOR more IN
            SELECT b.company_id, b.campaign_id, b.result, sum(b.n) AS attempts,
                sum(b.n * zvonar_talk_ms(b.answered_at, b.ended_at)) AS talk_ms, sum(b.n * b.cost) AS spent
            FROM (
                SELECT n.company_id, n.campaign_id, n.result, n.answered_at, n.ended_at, n.cost, 1 AS n FROM added n
                UNION ALL SELECT o.company_id, o.campaign_id, o.result, o.answered_at, o.ended_at, o.cost, -1
                FROM removed o
            ) AS b WHERE b.result IS NOT NULL GROUP BY 1, 2, 3
            HAVING sum(b.n) <> 0 OR sum(b.n * zvonar_talk_ms(b.answered_at, b.ended_at)) <> 0 OR sum(b.n * b.cost) <> 0
            ORDER BY 1, 2, 3
        LOOP
            PERFORM zvonar_add_results(
                more.company_id, more.campaign_id, more.result, more.attempts, more.talk_ms::bigint, more.spent
            );
        END LOOP;
    END IF;
    RETURN NULL;
END
$$;

-- Counts a campaign of the transaction's company anew; nobody writes leads or attempts meanwhile.
-- How many leads were deleted is known to the counters alone, and stays.
CREATE FUNCTION zvonar_recount(campaign bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    gone bigint;
BEGIN
    LOCK TABLE public.leads, public.attempts IN SHARE ROW EXCLUSIVE MODE;
    SELECT COALESCE(sum(c.deleted), 0) INTO gone FROM public.campaign_counts c WHERE c.campaign_id = campaign;
    DELETE FROM public.campaign_counts c WHERE c.campaign_id = campaign;
    DELETE FROM public.campaign_results c WHERE c.campaign_id = campaign;
    INSERT INTO public.campaign_counts
        (company_id, campaign_id, not_called, will_call_again, reached, failed, deleted)
    SELECT k.company_id, k.id,
        count(l.id) FILTER (WHERE l.state IN ('waiting', 'dialling') AND l.attempts = 0),
        count(l.id) FILTER (WHERE l.state IN ('waiting', 'dialling') AND l.attempts > 0),
        count(l.id) FILTER (WHERE l.state = 'reached'),
        count(l.id) FILTER (WHERE l.state = 'failed'), gone
    FROM public.campaigns k LEFT JOIN public.leads l ON l.company_id = k.company_id AND l.campaign_id = k.id
    WHERE k.id = campaign GROUP BY k.company_id, k.id;
    INSERT INTO public.campaign_results (company_id, campaign_id, result, attempts, talk_ms, spent)
    SELECT a.company_id, a.campaign_id, a.result, count(*), sum(zvonar_talk_ms(a.answered_at, a.ended_at)), sum(a.cost)
    FROM public.attempts a WHERE a.campaign_id = campaign AND a.result IS NOT NULL GROUP BY 1, 2, 3;
END
$$;

CREATE TRIGGER leads_added AFTER INSERT ON leads REFERENCING NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION zvonar_count_leads();

CREATE TRIGGER leads_changed AFTER UPDATE ON leads REFERENCING OLD TABLE AS removed NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION zvonar_count_leads();

CREATE TRIGGER leads_removed AFTER DELETE ON leads REFERENCING OLD TABLE AS removed
FOR EACH STATEMENT EXECUTE FUNCTION zvonar_count_leads();

CREATE TRIGGER attempts_added AFTER INSERT ON attempts REFERENCING NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION zvonar_count_results();

CREATE TRIGGER attempts_changed AFTER UPDATE ON attempts REFERENCING OLD TABLE AS removed NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION zvonar_count_results();

CREATE TRIGGER attempts_removed AFTER DELETE ON attempts REFERENCING OLD TABLE AS removed
FOR EACH STATEMENT EXECUTE FUNCTION zvonar_count_results();

CREATE FUNCTION zvonar_unfinished_imports() RETURNS TABLE (company_id bigint, id bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$ SELECT i.company_id, i.id FROM public.imports i WHERE i.state IN ('checking', 'running') ORDER BY i.id $$;

CREATE FUNCTION zvonar_unfinished_exports() RETURNS TABLE (company_id bigint, id bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$ SELECT e.company_id, e.id FROM public.exports e WHERE e.state IN ('waiting', 'running') ORDER BY e.id $$;

-- Companies among whose campaigns somebody shares out slots, or has a call in progress.
CREATE FUNCTION zvonar_quota_companies() RETURNS SETOF bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT q.company_id FROM public.campaign_quotas q
    UNION SELECT a.company_id FROM public.attempts a WHERE a.result IS NULL
    ORDER BY 1
$$;

CREATE FUNCTION zvonar_worker_companies(wanted uuid) RETURNS SETOF bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT DISTINCT q.company_id FROM public.campaign_quotas q WHERE q.worker_id = wanted AND q.slots > 0 ORDER BY 1
$$;

CREATE OR REPLACE FUNCTION zvonar_dialling_companies() RETURNS SETOF bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT DISTINCT company_id FROM public.campaigns
    WHERE switched_on AND finished_at IS NULL AND deleted_at IS NULL ORDER BY company_id
$$;

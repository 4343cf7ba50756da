-- Takes leads of one campaign in its order: a statement that may be a transaction of its own.
--
-- `zones` are the zones that the caller knows, with their rank in the order; a NULL rank is a closed zone. If leads
-- wait in others, nothing is taken: the one row tells them. With `mark` each lead gets its attempt, unless the company
-- has rules for all its calls or a blacklist holds the phone: such leads are locked only, and the caller decides.
--
-- Leads wait in places: of one zone, called equally often (or of one priority, where the order is by age). Each place
-- is read in order, from its head or from where `heads` says; the first row returned has no lead and tells the heads
-- as they are now, with the share of each in what comes next. Whoever takes many leads a second goes on from there, for
-- the entries of taken leads stay at the head of an index until it is vacuumed. With NULL all places are looked for,
-- and leads that have become due are made ready.
CREATE FUNCTION zvonar_lease(
    company bigint, campaign bigint, worker uuid, moment timestamptz, wanted integer, holding integer,
    dial_order text, zones text[], ranks integer[], heads text, mark boolean, channel text
) RETURNS TABLE (
    unknown text[], heads_now text, rules jsonb, lead_id bigint, company_id bigint, campaign_id bigint, contact_id bigint,
    zone text, due_at timestamptz, callback_at timestamptz, next_phone integer, consent boolean, last_name text, first_name text,
    middle_name text, organisation text, "position" text, note text, email text, phones text[], custom jsonb,
    counted_from integer, extra_from integer, extra_calls integer, blacklisted text[], past jsonb, attempt_id bigint,
    leg_id uuid, scenario bigint
)
LANGUAGE plpgsql VOLATILE
SET search_path = public, pg_temp
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off SET enable_hashjoin = off
SET enable_mergejoin = off SET enable_material = off
AS $$
#variable_conflict use_column
DECLARE
    by_age CONSTANT boolean := dial_order IN ('oldest', 'newest');
    from_start CONSTANT timestamptz := CASE dial_order WHEN 'newest' THEN 'infinity' ELSE '-infinity' END;
    reaches CONSTANT integer[] := ARRAY[8, 32, 32, 256];
    most_kinds CONSTANT integer[] := ARRAY[8, 8, 64, 512];
    version bigint;
    due bigint[];
    places jsonb := heads::jsonb;
    more_kinds boolean := places IS NOT NULL;
    more_leads boolean;
    chosen bigint[];
    reach integer;
    kinds integer;
BEGIN
    PERFORM set_config('zvonar.company_id', company::text, true);
    IF holding IS NOT NULL THEN
        SELECT LEAST(zvonar_lease.wanted, q.slots - zvonar_lease.holding) INTO wanted FROM campaign_quotas q
        WHERE q.campaign_id = zvonar_lease.campaign AND q.worker_id = zvonar_lease.worker FOR SHARE;
    END IF;
    IF wanted IS NULL OR wanted < 1 THEN
        RETURN;
    END IF;
    SELECT k.scenario_version_id INTO version FROM campaigns k
    WHERE k.id = zvonar_lease.campaign AND k.switched_on AND k.finished_at IS NULL AND k.deleted_at IS NULL
      AND k.error IS NULL AND NOT k.processing AND k.breaker_open IS NULL
      AND (k.budget IS NULL OR k.budget > (
          SELECT COALESCE(sum(r.spent), 0) FROM campaign_results r WHERE r.campaign_id = zvonar_lease.campaign
      ));
    IF NOT FOUND THEN
        RETURN;
    END IF;

    FOR look IN 1..4 LOOP
        kinds := most_kinds[look];
        IF look IN (1, 3) AND (look = 1) = (heads IS NULL) THEN
            due := ARRAY(
                WITH RECURSIVE later AS (
                    (
                        SELECT (CASE WHEN l.zone IS NULL THEN '' ELSE l.zone END) AS zone FROM leads l
                        WHERE l.campaign_id = zvonar_lease.campaign AND l.state = 'waiting' AND NOT l.ready
                        ORDER BY 1 LIMIT 1
                    )
                    UNION ALL
                    SELECT n.zone FROM later z CROSS JOIN LATERAL (
                        SELECT (CASE WHEN l.zone IS NULL THEN '' ELSE l.zone END) AS zone FROM leads l
                        WHERE l.campaign_id = zvonar_lease.campaign AND l.state = 'waiting' AND NOT l.ready
                          AND (CASE WHEN l.zone IS NULL THEN '' ELSE l.zone END) > z.zone
                        ORDER BY 1 LIMIT 1
                    ) AS n
                )
                SELECT d.id FROM later z CROSS JOIN LATERAL (
                    SELECT l.id FROM leads l
                    WHERE l.campaign_id = zvonar_lease.campaign AND l.state = 'waiting' AND NOT l.ready
                      AND (CASE WHEN l.zone IS NULL THEN '' ELSE l.zone END) = z.zone AND l.due_at <= moment
                    ORDER BY l.due_at LIMIT GREATEST(wanted * 4, 50) FOR UPDATE SKIP LOCKED
                ) AS d
            );
            IF cardinality(due) > 0 THEN
                UPDATE leads l SET ready = true WHERE l.id = ANY (due);
            END IF;
        END IF;

        IF look <= 2 AND places IS NOT NULL THEN
            NULL;
        ELSIF by_age THEN
            WITH RECURSIVE found AS (
                (
                    SELECT (CASE WHEN l.zone IS NULL THEN '' ELSE l.zone END) AS zone,
                           (CASE WHEN l.priority IS NULL THEN 2147483647 ELSE l.priority END) AS kind, 1 AS nth
                    FROM leads l WHERE l.campaign_id = zvonar_lease.campaign AND l.state = 'waiting' AND l.ready
                    ORDER BY 1, 2 LIMIT 1
                )
                UNION ALL
                SELECT n.zone, n.kind, CASE WHEN n.zone = p.zone THEN p.nth + 1 ELSE 1 END
                FROM found p CROSS JOIN LATERAL (
                    SELECT (CASE WHEN l.zone IS NULL THEN '' ELSE l.zone END) AS zone,
                           (CASE WHEN l.priority IS NULL THEN 2147483647 ELSE l.priority END) AS kind
                    FROM leads l WHERE l.campaign_id = zvonar_lease.campaign AND l.state = 'waiting' AND l.ready
                      AND (
                          (CASE WHEN l.zone IS NULL THEN '' ELSE l.zone END),
                          (CASE WHEN l.priority IS NULL THEN 2147483647 ELSE l.priority END)
                      ) > (p.zone, CASE WHEN p.nth < kinds THEN p.kind ELSE 2147483647 END)
                    ORDER BY 1, 2 LIMIT 1
                ) AS n
            )
            SELECT jsonb_agg(jsonb_build_array(p.zone, p.kind)), max(p.nth) >= kinds INTO places, more_kinds
            FROM found p;
        ELSE
            WITH RECURSIVE found AS (
                (
                    SELECT (CASE WHEN l.zone IS NULL THEN '' ELSE l.zone END) AS zone, l.attempts AS kind, 1 AS nth
                    FROM leads l WHERE l.campaign_id = zvonar_lease.campaign AND l.state = 'waiting' AND l.ready
                    ORDER BY 1, 2 LIMIT 1
                )
                UNION ALL
                SELECT n.zone, n.kind, CASE WHEN n.zone = p.zone THEN p.nth + 1 ELSE 1 END
                FROM found p CROSS JOIN LATERAL (
                    SELECT (CASE WHEN l.zone IS NULL THEN '' ELSE l.zone END) AS zone, l.attempts AS kind
                    FROM leads l WHERE l.campaign_id = zvonar_lease.campaign AND l.state = 'waiting' AND l.ready
                      AND ((CASE WHEN l.zone IS NULL THEN '' ELSE l.zone END), l.attempts)
                          > (p.zone, CASE WHEN p.nth < kinds THEN p.kind ELSE 2147483647 END)
                    ORDER BY 1, 2 LIMIT 1
                ) AS n
            )
            SELECT jsonb_agg(jsonb_build_array(p.zone, p.kind)), max(p.nth) >= kinds INTO places, more_kinds
            FROM found p;
        END IF;
        EXIT WHEN places IS NULL;
        unknown := ARRAY(
            SELECT DISTINCT p ->> 0 FROM jsonb_array_elements(places) AS p WHERE p ->> 0 <> ALL (zones)
        );
        IF cardinality(unknown) > 0 THEN
            RETURN NEXT;
            RETURN;
        END IF;
        reach := wanted * reaches[look];

        WITH open AS MATERIALIZED (
            -- All that is compared is made here: under row-level security no index is used for what could leak.
            SELECT p.nth AS place, z.zone, z.rank, (p.at ->> 1)::integer AS kind,
                   CASE WHEN by_age THEN NULL ELSE COALESCE((p.at ->> 2)::integer, 0) END AS from_first,
                   CASE WHEN by_age THEN NULL
                        ELSE COALESCE((p.at ->> 3)::double precision, '-infinity') END AS from_key,
                   CASE WHEN by_age THEN COALESCE((p.at ->> 2)::timestamptz, from_start) END AS from_at,
                   CASE WHEN by_age THEN COALESCE((p.at ->> 3)::bigint, 0) END AS from_id,
                   LEAST(reach, 2 * reach * COALESCE(
                       (p.at ->> 4)::double precision, 1.0 / jsonb_array_length(places)
                   ) + reaches[look] / 2)::integer AS deep
            FROM jsonb_array_elements(places) WITH ORDINALITY AS p (at, nth)
            JOIN unnest(zones, ranks) AS z (zone, rank) ON z.zone = p.at ->> 0 AND z.rank IS NOT NULL
        ), near AS MATERIALIZED (
            SELECT n.id, p.place, p.deep, row_number() OVER (ORDER BY n.first, n.second, n.third) AS nth
            FROM open p CROSS JOIN LATERAL (
                (
                    SELECT l.id, (CASE WHEN l.priority IS NULL THEN 2147483647 ELSE l.priority END) AS first,
                           CASE dial_order WHEN 'fewest_attempts' THEN p.kind WHEN 'time_zone' THEN p.rank ELSE 0 END
                               ::double precision AS second,
                           l.order_key AS third
                    FROM leads l
                    WHERE NOT by_age AND l.campaign_id = zvonar_lease.campaign AND l.state = 'waiting' AND l.ready
                      AND (CASE WHEN l.zone IS NULL THEN '' ELSE l.zone END) = p.zone AND l.attempts = p.kind
                      AND ((CASE WHEN l.priority IS NULL THEN 2147483647 ELSE l.priority END), l.order_key)
                          >= (p.from_first, p.from_key)
                      AND l.due_at <= moment
                    ORDER BY (CASE WHEN l.priority IS NULL THEN 2147483647 ELSE l.priority END), l.order_key LIMIT p.deep
                )
                UNION ALL
                (
                    SELECT l.id, p.kind, date_part('epoch', l.added_at), l.id::double precision FROM leads l
                    WHERE dial_order = 'oldest' AND l.campaign_id = zvonar_lease.campaign AND l.state = 'waiting'
                      AND l.ready AND (CASE WHEN l.zone IS NULL THEN '' ELSE l.zone END) = p.zone
                      AND (CASE WHEN l.priority IS NULL THEN 2147483647 ELSE l.priority END) = p.kind
                      AND (l.added_at, l.id) >= (p.from_at, p.from_id)
                      AND l.due_at <= moment
                    ORDER BY l.added_at, l.id LIMIT p.deep
                )
                UNION ALL
                (
                    SELECT l.id, p.kind, -date_part('epoch', l.added_at), -l.id::double precision FROM leads l
                    WHERE dial_order = 'newest' AND l.campaign_id = zvonar_lease.campaign AND l.state = 'waiting'
                      AND l.ready AND (CASE WHEN l.zone IS NULL THEN '' ELSE l.zone END) = p.zone
                      AND (CASE WHEN l.priority IS NULL THEN 2147483647 ELSE l.priority END) = p.kind
                      AND (l.added_at, l.id) <= (p.from_at, p.from_id)
                      AND l.due_at <= moment
                    ORDER BY l.added_at DESC, l.id DESC LIMIT p.deep
                )
            ) AS n
        ), ends AS MATERIALIZED (
            SELECT n.place, min(n.nth) AS first, max(n.nth) AS last, count(*) >= n.deep AS full,
                   count(*) FILTER (WHERE n.nth <= reach) / reach::double precision AS share
            FROM near n GROUP BY n.place, n.deep
        ), ordered AS MATERIALIZED (
            SELECT ARRAY(SELECT n.id FROM near n ORDER BY n.nth) AS ids
        ), sure AS (
            SELECT n.id FROM near n
            WHERE n.nth <= COALESCE((SELECT min(e.last) FROM ends e WHERE e.full), 9223372036854775807) ORDER BY n.nth
        )
        SELECT
            ARRAY(
                SELECT t.id FROM sure s CROSS JOIN LATERAL (
                    SELECT l.id FROM leads l
                    WHERE l.id = s.id AND l.state = 'waiting' AND l.ready AND l.due_at <= moment FOR UPDATE SKIP LOCKED
                ) AS t LIMIT wanted
            ),
            EXISTS (SELECT FROM ends e WHERE e.full),
            (
                SELECT jsonb_agg(CASE
                    WHEN by_age THEN jsonb_build_array(p.zone, p.kind, l.added_at, l.id, e.share)
                    ELSE jsonb_build_array(p.zone, p.kind,
                        (CASE WHEN l.priority IS NULL THEN 2147483647 ELSE l.priority END), l.order_key,
                        e.share)
                END)
                FROM ends e JOIN open p ON p.place = e.place CROSS JOIN ordered o
                CROSS JOIN LATERAL (SELECT k.* FROM leads k WHERE k.id = o.ids[e.first] OFFSET 0) AS l
            )
        INTO chosen, more_leads, heads_now;
        EXIT WHEN cardinality(chosen) >= wanted OR NOT (more_leads OR more_kinds);
    END LOOP;
    IF cardinality(chosen) > 0 THEN
        SELECT to_jsonb(r) INTO rules FROM company_rules r;
    END IF;
    mark := mark AND (rules IS NULL OR (rules ->> 'compliance' = 'none' AND rules -> 'compliance_overrides' = '{}'));
    unknown := NULL;
    RETURN NEXT;
    IF cardinality(chosen) = 0 THEN
        RETURN;
    END IF;

    RETURN QUERY
    WITH picked AS MATERIALIZED (
        SELECT g.nth, l.id, l.company_id, l.contact_id, l.zone, l.due_at, l.callback_at, l.next_phone,
               c.consent_at IS NOT NULL AS consent, c.last_name, c.first_name, c.middle_name, c.organisation,
               c.position, c.note, c.email, c.phones, c.custom, l.counted_from, l.extra_from, l.extra_calls,
               CASE WHEN l.next_phone < cardinality(c.phones) THEN l.next_phone ELSE 0 END AS turn,
               ARRAY(
                   SELECT b.phone FROM number_list_phones b
                   JOIN number_lists s ON s.company_id = b.company_id AND s.id = b.list_id AND s.kind = 'blacklist'
                   WHERE b.phone = ANY (c.phones)
               ) AS blacklisted,
               (
                   SELECT jsonb_agg(
                       jsonb_build_array(
                           COALESCE(array_position(c.phones, p.phone) - 1, cardinality(c.phones)), p.result, p.ended_at
                       ) ORDER BY p.ended_at, p.id
                   )
                   FROM attempts p WHERE p.lead_id = l.id AND p.result IS NOT NULL
               ) AS past
        FROM unnest(chosen) WITH ORDINALITY AS g (id, nth)
        CROSS JOIN LATERAL (SELECT k.* FROM leads k WHERE k.id = g.id OFFSET 0) AS l
        CROSS JOIN LATERAL (SELECT k.* FROM contacts k WHERE k.id = l.contact_id OFFSET 0) AS c
    ), plain AS MATERIALIZED (
        SELECT p.id, p.turn, p.phones[p.turn + 1] AS phone FROM picked p
        WHERE mark AND p.phones[p.turn + 1] <> ALL (p.blacklisted)
    ), taken AS (
        UPDATE leads l SET state = 'dialling' FROM plain p WHERE l.id = p.id
    ), made AS (
        INSERT INTO attempts
            (campaign_id, lead_id, leg_id, worker_id, phone_index, phone, started_at, scenario_version_id)
        SELECT zvonar_lease.campaign, p.id, gen_random_uuid(), zvonar_lease.worker, p.turn, p.phone, moment, version
        FROM plain p
        RETURNING id, lead_id, leg_id
    )
    SELECT NULL::text[], NULL::text, NULL::jsonb, p.id, p.company_id, zvonar_lease.campaign, p.contact_id, p.zone,
           p.due_at, p.callback_at, p.next_phone, p.consent, p.last_name, p.first_name, p.middle_name, p.organisation, p.position,
           p.note, p.email, p.phones, p.custom, p.counted_from, p.extra_from, p.extra_calls, p.blacklisted, p.past,
           m.id, m.leg_id, version
    FROM picked p LEFT JOIN made m ON m.lead_id = p.id ORDER BY p.nth;
    IF channel IS NOT NULL THEN
        PERFORM pg_notify(channel, company || ':' || campaign);
    END IF;
END
$$
;

-- The entries of leads that were taken stay in the indexes until they are vacuumed, and every lease from the head of a
-- long list passes them by.
ALTER TABLE leads SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.05);

-- A lead that goes takes its changes along and leaves its calls: each is found by company and lead, whatever is known
-- of how many rows there are. By the lead alone, the primary key looked as good before anybody had counted them.
DROP INDEX lead_changes_lead_idx;

-- The same for its calls.
DROP INDEX attempts_lead_idx;

-- Both with the company.
CREATE INDEX lead_changes_lead_idx ON lead_changes (company_id, lead_id, id);

-- In the order in which they came.
CREATE INDEX attempts_lead_idx ON attempts (company_id, lead_id, id);

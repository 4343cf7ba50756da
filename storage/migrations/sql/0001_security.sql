-- What may be asked before a company is known, each with the least that answers it.
-- They run as the owner of the tables, whom the look_up policies let read these rows and no others.

CREATE FUNCTION zvonar_login(wanted text)
RETURNS TABLE (user_id bigint, company_id bigint, name text, password_hash text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$ SELECT u.id, u.company_id, u.name, u.password_hash FROM public.users u WHERE u.login = wanted $$;

CREATE FUNCTION zvonar_session(wanted text, moment timestamptz)
RETURNS TABLE (user_id bigint, company_id bigint, login text, name text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT u.id, u.company_id, u.login, u.name
    FROM public.sessions s JOIN public.users u ON u.company_id = s.company_id AND u.id = s.user_id
    WHERE s.token_hash = wanted AND s.expires_at > moment
$$;

-- Counts a try to sign in before the password is looked at, so that many at once are not more than many in turn.
-- NULL: there were too many failures since; else the number of the try.
CREATE FUNCTION zvonar_try_login(wanted text, moment timestamptz, since timestamptz, most integer) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    failures integer;
    made bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('zvonar_try_login ' || wanted, 0));
    DELETE FROM public.login_attempts WHERE id IN (
        SELECT a.id FROM public.login_attempts a WHERE a.at < since LIMIT 1000 FOR UPDATE SKIP LOCKED
    );
    SELECT count(*) INTO failures FROM public.login_attempts a
    WHERE a.login = wanted AND NOT a.ok AND a.at >= since
      AND a.id > COALESCE((SELECT max(s.id) FROM public.login_attempts s WHERE s.login = wanted AND s.ok), 0);
    IF failures >= most THEN
        RETURN NULL;
    END IF;
    INSERT INTO public.login_attempts (login, at) VALUES (wanted, moment) RETURNING id INTO made;
    RETURN made;
END
$$;

CREATE FUNCTION zvonar_login_succeeded(try bigint) RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$ UPDATE public.login_attempts SET ok = true WHERE id = try $$;

CREATE FUNCTION zvonar_company_ids() RETURNS SETOF bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$ SELECT id FROM public.companies ORDER BY id $$;

CREATE FUNCTION zvonar_dialling_companies() RETURNS SETOF bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT DISTINCT company_id FROM public.campaigns WHERE switched_on AND finished_at IS NULL ORDER BY company_id
$$;

-- Companies with an unfinished attempt begun before `silent_since` whose worker did not beat after it.
CREATE FUNCTION zvonar_orphan_companies(silent_since timestamptz) RETURNS SETOF bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT DISTINCT a.company_id FROM public.attempts a
    WHERE a.result IS NULL AND a.started_at < silent_since
      AND NOT EXISTS (SELECT FROM public.workers w WHERE w.id = a.worker_id AND w.beat_at >= silent_since)
    ORDER BY a.company_id
$$;

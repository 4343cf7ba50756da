-- A list of a million people makes a million leads. A foreign key looks up what each of them refers to by a statement
-- of its own, and that was half of the work. These triggers hold the same references, once for all rows of a statement:
--
--     contacts → companies                       a company that goes takes its contacts along
--     leads → campaigns of the same company      a campaign that goes takes its leads along
--     leads → contacts of the same company       a contact who is a lead cannot go
--
-- As with foreign keys, what is referred to is locked until the transaction ends, so nobody can take it away meanwhile;
-- what is wrong ends the statement with foreign_key_violation.

ALTER TABLE contacts DROP CONSTRAINT contacts_company_id_fkey;

ALTER TABLE leads
    DROP CONSTRAINT leads_company_id_campaign_id_fkey,
    DROP CONSTRAINT leads_company_id_contact_id_fkey;

CREATE FUNCTION zvonar_wrong_reference(of_table text, to_table text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a row of "%" violates its foreign key to "%"', of_table, to_table
        USING ERRCODE = 'foreign_key_violation', TABLE = of_table;
END
$$;

-- All companies of new contacts. Row-level security lets a transaction add contacts of its own company alone.
CREATE FUNCTION zvonar_refer_contacts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM public.companies c WHERE c.id = NULLIF(current_setting('zvonar.company_id', true), '')::bigint
    FOR KEY SHARE;
    IF NOT FOUND THEN
        PERFORM zvonar_wrong_reference('contacts', 'companies');
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER contacts_refer BEFORE INSERT ON contacts
FOR EACH STATEMENT EXECUTE FUNCTION zvonar_refer_contacts();

-- Whoever gets round row-level security names any company.
CREATE FUNCTION zvonar_refer_contact() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM public.companies c WHERE c.id = NEW.company_id FOR KEY SHARE;
    IF NOT FOUND THEN
        PERFORM zvonar_wrong_reference('contacts', 'companies');
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER contacts_moved AFTER UPDATE OF company_id ON contacts
FOR EACH ROW EXECUTE FUNCTION zvonar_refer_contact();

-- Row by row in the index, however few rows the planner takes a table to have.
CREATE FUNCTION zvonar_refer_leads() RETURNS trigger LANGUAGE plpgsql
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off
AS $$
DECLARE
    wrong boolean;
BEGIN
    WITH wanted AS MATERIALIZED (
        SELECT DISTINCT a.company_id, a.campaign_id FROM added a
    ), held AS MATERIALIZED (
        SELECT FROM wanted w CROSS JOIN LATERAL (
            SELECT FROM public.campaigns k WHERE k.company_id = w.company_id AND k.id = w.campaign_id FOR KEY SHARE
        ) AS k
    )
    SELECT (SELECT count(*) FROM wanted) <> (SELECT count(*) FROM held) INTO wrong;
    IF wrong THEN
        PERFORM zvonar_wrong_reference('leads', 'campaigns');
    END IF;
    WITH held AS MATERIALIZED (
        SELECT FROM added a CROSS JOIN LATERAL (
            SELECT FROM public.contacts c WHERE c.company_id = a.company_id AND c.id = a.contact_id FOR KEY SHARE
        ) AS c
    )
    SELECT (SELECT count(*) FROM added) <> (SELECT count(*) FROM held) INTO wrong;
    IF wrong THEN
        PERFORM zvonar_wrong_reference('leads', 'contacts');
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER leads_refer AFTER INSERT ON leads REFERENCING NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION zvonar_refer_leads();

CREATE FUNCTION zvonar_refer_lead() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM public.campaigns k WHERE k.company_id = NEW.company_id AND k.id = NEW.campaign_id FOR KEY SHARE;
    IF NOT FOUND THEN
        PERFORM zvonar_wrong_reference('leads', 'campaigns');
    END IF;
    PERFORM FROM public.contacts c WHERE c.company_id = NEW.company_id AND c.id = NEW.contact_id FOR KEY SHARE;
    IF NOT FOUND THEN
        PERFORM zvonar_wrong_reference('leads', 'contacts');
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER leads_moved AFTER UPDATE OF company_id, campaign_id, contact_id ON leads
FOR EACH ROW EXECUTE FUNCTION zvonar_refer_lead();

-- What is referred to: it goes with those that refer to it, or it stays.
CREATE FUNCTION zvonar_company_left() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM public.leads l WHERE l.company_id = OLD.id;
    DELETE FROM public.contacts c WHERE c.company_id = OLD.id;
    RETURN NULL;
END
$$;

CREATE TRIGGER companies_left AFTER DELETE ON companies
FOR EACH ROW EXECUTE FUNCTION zvonar_company_left();

CREATE FUNCTION zvonar_campaigns_left() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    gone record;
BEGIN
    FOR gone IN SELECT r.company_id, r.id FROM removed r LOOP
        DELETE FROM public.leads l WHERE l.company_id = gone.company_id AND l.campaign_id = gone.id;
    END LOOP;
    RETURN NULL;
END
$$;

CREATE TRIGGER campaigns_left AFTER DELETE ON campaigns REFERENCING OLD TABLE AS removed
FOR EACH STATEMENT EXECUTE FUNCTION zvonar_campaigns_left();

CREATE FUNCTION zvonar_contacts_left() RETURNS trigger LANGUAGE plpgsql
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off
AS $$
BEGIN
    PERFORM FROM removed r CROSS JOIN LATERAL (
        SELECT FROM public.leads l WHERE l.company_id = r.company_id AND l.contact_id = r.id LIMIT 1
    ) AS l;
    IF FOUND THEN
        PERFORM zvonar_wrong_reference('leads', 'contacts');
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER contacts_left AFTER DELETE ON contacts REFERENCING OLD TABLE AS removed
FOR EACH STATEMENT EXECUTE FUNCTION zvonar_contacts_left();

-- The number of what is referred to never changes.
CREATE FUNCTION zvonar_renumbered() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.company_id, OLD.id) IS DISTINCT FROM (NEW.company_id, NEW.id) AND EXISTS (
        SELECT FROM public.leads l WHERE l.company_id = OLD.company_id
          AND (CASE WHEN TG_TABLE_NAME = 'contacts' THEN l.contact_id ELSE l.campaign_id END) = OLD.id
    ) THEN
        PERFORM zvonar_wrong_reference('leads', TG_TABLE_NAME);
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER contacts_renumbered AFTER UPDATE OF id, company_id ON contacts
FOR EACH ROW EXECUTE FUNCTION zvonar_renumbered();

CREATE TRIGGER campaigns_renumbered AFTER UPDATE OF id, company_id ON campaigns
FOR EACH ROW EXECUTE FUNCTION zvonar_renumbered();

CREATE FUNCTION zvonar_company_renumbered() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.id <> NEW.id AND EXISTS (SELECT FROM public.contacts c WHERE c.company_id = OLD.id) THEN
        PERFORM zvonar_wrong_reference('contacts', 'companies');
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER companies_renumbered AFTER UPDATE OF id ON companies
FOR EACH ROW EXECUTE FUNCTION zvonar_company_renumbered();

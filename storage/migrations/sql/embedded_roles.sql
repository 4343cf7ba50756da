-- For psql, as the embedded server's superuser; every step may have been done already by a start that was killed.
-- Set before: owner, application, database, owner_password, application_password.

SELECT format('CREATE ROLE %I', wanted) FROM unnest(ARRAY[:'owner', :'application']) AS wanted
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) \gexec

ALTER ROLE :"owner" LOGIN NOSUPERUSER NOBYPASSRLS PASSWORD :'owner_password';
ALTER ROLE :"application" LOGIN NOSUPERUSER NOBYPASSRLS PASSWORD :'application_password';

SELECT format('CREATE DATABASE %I OWNER %I', :'database', :'owner')
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database') \gexec

REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
GRANT CONNECT, TEMPORARY ON DATABASE :"database" TO :"application";

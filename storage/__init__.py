"""PostgreSQL: tables under row-level security, the stores behind the ports, the embedded server, migrations."""

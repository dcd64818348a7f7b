#!/usr/bin/env bash
# Once, when PostgreSQL's data folder is made (docker-entrypoint-initdb.d): the role that Odoo uses. No superuser, and
# it makes no databases: an Odoo that is started too early would make one, with the password admin.
# psql reads the password from the file itself: it is on no command line.
set -euo pipefail
psql -X -q -v ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname postgres <<'SQL'
\set password `cat "${ODOO_DB_PASSWORD_FILE:-/run/secrets/odoo_db_password}"`
CREATE ROLE odoo LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'password';
SQL

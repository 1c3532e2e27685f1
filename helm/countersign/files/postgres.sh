#!/usr/bin/env bash
# Runs the bundled PostgreSQL: makes the cluster on the first start, and on every start the database, and per service a
# role with the password of its Secret and a schema.
# From the environment: DATA (folder), SECRETS (folder: superuser/password, ROLE/password, tls/), SOCKETS (folder),
# DATABASE, ROLES ("ROLE:SCHEMA …").
set -euo pipefail
: "${DATA:?}" "${SECRETS:?}" "${SOCKETS:?}" "${DATABASE:?}" "${ROLES:?}"
umask 077

if [ ! -s "$DATA/PG_VERSION" ]; then
  rm -rf "$DATA.new"
  initdb -D "$DATA.new" -U postgres -E UTF8 --no-locale -A scram-sha-256 --pwfile="$SECRETS/superuser/password" >/dev/null
  printf '%s\n' 'local all postgres scram-sha-256' 'hostssl all all all scram-sha-256' >"$DATA.new/pg_hba.conf"
  mv "$DATA.new" "$DATA" # after a crash before this line everything starts again
fi

pg_ctl -D "$DATA" -s -w -o "-c listen_addresses= -c unix_socket_directories=$SOCKETS" start
trap 'pg_ctl -D "$DATA" -s -m immediate stop || true' EXIT # an error below must not leave a server behind
PGPASSWORD=$(cat "$SECRETS/superuser/password")
export PGPASSWORD
superuser() { psql -X -q -At -v ON_ERROR_STOP=1 -h "$SOCKETS" -U postgres "$@"; }
superuser -d postgres -v name="$DATABASE" <<'SQL'
SELECT format('CREATE DATABASE %I', :'name') WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'name') \gexec
SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', :'name') \gexec
SQL
for entry in $ROLES; do
  export ROLE_PASSWORD_FILE=$SECRETS/${entry%:*}/password
  superuser -d "$DATABASE" -v role="${entry%:*}" -v schema="${entry#*:}" <<'SQL'
\set password `cat "$ROLE_PASSWORD_FILE"`
SELECT format('CREATE ROLE %I LOGIN', :'role') WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'role') \gexec
SELECT format('ALTER ROLE %I PASSWORD %L', :'role', :'password') \gexec
SELECT format('GRANT CONNECT, CREATE, TEMPORARY ON DATABASE %I TO %I', current_database(), :'role') \gexec
SELECT format('CREATE SCHEMA IF NOT EXISTS %I AUTHORIZATION %I', :'schema', :'role') \gexec
SQL
done
pg_ctl -D "$DATA" -s -m fast -w stop
trap - EXIT

exec postgres -D "$DATA" -c listen_addresses='*' -c unix_socket_directories="$SOCKETS" -c ssl=on \
  -c ssl_cert_file="$SECRETS/tls/tls.crt" -c ssl_key_file="$SECRETS/tls/tls.key" -c ssl_min_protocol_version=TLSv1.3 \
  -c max_connections=200 "$@"

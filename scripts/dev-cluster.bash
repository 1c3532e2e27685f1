# The parts of scripts/dev, which sources this file. Uses: dir run log bin http database parts.
# In $run: PART.wanted (it should run), PART.pid (it does), PART.json (its addresses), stop (everything should end).

schema_of() { echo "${1//-/_}"; } # session-recorder → session_recorder
# alive PIDFILE NAME: whether the process exists and is the right program (process ids are reused).
alive() { [ -s "$1" ] && grep -qsa -- "$2" "/proc/$(cat "$1")/cmdline"; }
supervised() { alive "$run/supervisor.pid" scripts/dev; }
running() { alive "$run/$1.pid" "countersign-$1"; }

# --- preparing: certificates, ports, roles, configurations; existing ones are kept ---

prepare() {
  local name
  mkdir -p "$run" "$log"
  for name in "${parts[@]}"; do end_part "$name" TERM; done # left behind by a supervisor that was killed
  rm -f "$run"/*.wanted "$run"/*.json "$run/stop" "$dir/addresses.json"
  if [ -n "$database" ]; then
    (umask 077; echo "$database" >"$run/database")
    check_database
  fi
  make_certificates
  choose_ports
  if [ -z "$database" ]; then
    rm -f "$run/database"
    make_cluster
    touch "$run/postgres.wanted"
  fi
  start_postgres
  make_roles
  for name in "${parts[@]}"; do
    write_config "$name"
    touch "$run/$name.wanted"
  done
}

# A development CA, and per part a certificate with its name as the one URI SAN.
make_certificates() {
  local ca=$dir/ca name tls
  if ! openssl x509 -checkend 604800 -noout -in "$ca/ca.crt" >/dev/null 2>&1; then
    mkdir -p -m 700 "$ca"
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -sha256 -days 365 \
      -subj "/CN=countersign development CA" -addext basicConstraints=critical,CA:TRUE \
      -addext keyUsage=critical,keyCertSign,cRLSign -keyout "$ca/ca.key" -out "$ca/ca.crt" 2>/dev/null
    rm -rf "$dir"/*/tls
  fi
  for name in "${parts[@]}"; do
    tls=$dir/$name/tls
    openssl x509 -checkend 86400 -noout -in "$tls/tls.crt" >/dev/null 2>&1 && continue
    rm -rf "$tls.new"
    mkdir -p -m 700 "$dir/$name" "$tls.new"
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -sha256 -subj "/CN=$name" \
      -keyout "$tls.new/tls.key" -out "$tls.new/tls.csr" 2>/dev/null
    openssl x509 -req -in "$tls.new/tls.csr" -CA "$ca/ca.crt" -CAkey "$ca/ca.key" -CAcreateserial -days 30 -sha256 \
      -out "$tls.new/tls.crt" -extfile <(printf '%s\n' "subjectAltName=URI:spiffe://countersign/$name" \
        "extendedKeyUsage=serverAuth,clientAuth" "basicConstraints=critical,CA:FALSE") 2>/dev/null
    cp "$ca/ca.crt" "$tls.new/ca.crt"
    rm -rf "$tls"
    mv "$tls.new" "$tls"
  done
}

port_taken() { (: <"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# Parts must know each other's ports before they start. Chosen below the kernel's ephemeral range.
choose_ports() {
  local name port used=" "
  for name in "${parts[@]}"; do
    [ "$name" = edge ] && continue
    port=$(cat "$run/$name.port" 2>/dev/null || true)
    while [ -z "$port" ] || [[ $used == *" $port "* ]] || port_taken "$port"; do port=$((20000 + RANDOM % 10000)); done
    used+="$port "
    echo "$port" >"$run/$name.port"
  done
  if [ -z "$http" ]; then
    http=127.0.0.1:8080
    if port_taken 8080; then
      echo "dev: port 8080 is taken; the gateway gets a free one" >&2
      http=127.0.0.1:0
    fi
  fi
}

# --- PostgreSQL: a private cluster on a Unix socket, one role and one schema per service ---

postgres_programs() { dirname "$(ls -d /usr/lib/postgresql/*/bin/postgres | sort -V | tail -1)"; }
# PostgreSQL refuses to run as root.
owner=; [ "$(id -u)" -ne 0 ] || owner=postgres
as_postgres() { if [ -n "$owner" ]; then runuser -u "$owner" -- "$@"; else "$@"; fi; }

make_cluster() {
  local data=$dir/postgres/data
  [ -s "$data/PG_VERSION" ] && return
  mkdir -p "$dir/postgres"
  [ -z "$owner" ] || chown "$owner" "$dir/postgres"
  chmod 700 "$dir/postgres"
  if ! as_postgres test -w "$dir/postgres"; then
    echo "dev: user postgres cannot reach $dir/postgres: choose another --dir, or let others enter the folders above it" >&2
    exit 1
  fi
  (umask 077; openssl rand -hex 16 >"$dir/postgres.password")
  install -m 600 ${owner:+-o "$owner"} "$dir/postgres.password" "$dir/postgres/first-password"
  as_postgres "$(postgres_programs)/initdb" -D "$data" -U postgres -E UTF8 --no-locale --no-sync -A scram-sha-256 \
    --pwfile="$dir/postgres/first-password" >"$log/initdb.log" 2>&1 || { cat "$log/initdb.log" >&2; exit 1; }
  rm -f "$dir/postgres/first-password"
}

# A short path: a socket's name has room for 107 characters.
socket_folder() {
  if [ ! -d "$(cat "$run/postgres.socket" 2>/dev/null)" ]; then
    local folder
    folder=$(mktemp -d /tmp/countersign-dev-XXXXXX)
    [ -z "$owner" ] || chown "$owner" "$folder"
    echo "$folder" >"$run/postgres.socket"
  fi
  cat "$run/postgres.socket"
}

postgres_runs() {
  local pid
  pid=$(head -n 1 "$dir/postgres/data/postmaster.pid" 2>/dev/null) && grep -qsa postgres "/proc/$pid/cmdline"
}

start_postgres() {
  [ -e "$run/postgres.wanted" ] || return 0
  postgres_runs && return
  as_postgres "$(postgres_programs)/pg_ctl" -D "$dir/postgres/data" -w -s -l "$dir/postgres/log" \
    -o "-c listen_addresses='' -c unix_socket_directories='$(socket_folder)'" start ||
    { tail -n 20 "$dir/postgres/log" >&2; return 1; }
}

stop_postgres() {
  postgres_runs || return 0
  as_postgres "$(postgres_programs)/pg_ctl" -D "$dir/postgres/data" -m "$1" -s -w stop || true
}

# psql as the superuser.
superuser() {
  if [ -s "$run/database" ]; then
    psql -X -q -At -v ON_ERROR_STOP=1 "$(cat "$run/database")"
  else
    PGPASSWORD=$(cat "$dir/postgres.password") \
      psql -X -q -At -v ON_ERROR_STOP=1 -h "$(socket_folder)" -U postgres -d postgres
  fi
}

# Checks that the database of --database answers and allows creating roles.
check_database() {
  local answer
  answer=$(superuser <<<"SELECT rolsuper FROM pg_roles WHERE rolname = current_user" 2>&1) || {
    echo "dev: --database cannot be used: $(head -n 1 <<<"${answer#psql: error: }")" >&2
    exit 1
  }
  [ "$answer" = t ] || { echo "dev: --database must name a superuser: it makes a role per service" >&2; exit 1; }
}

with_database() { case "$1" in authn|policy|approval|session-recorder) true ;; *) false ;; esac; }

make_roles() {
  local name schema role file
  for name in "${parts[@]}"; do
    with_database "$name" || continue
    schema=$(schema_of "$name"); role=cs_$schema; file=$dir/$name/database.password
    [ -s "$file" ] || (umask 077; openssl rand -hex 16 >"$file")
    superuser <<SQL
SET client_min_messages = warning;
SELECT 'CREATE ROLE $role LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '$role') \gexec
ALTER ROLE $role PASSWORD '$(cat "$file")';
SELECT format('GRANT CONNECT, CREATE, TEMPORARY ON DATABASE %I TO $role', current_database()) \gexec
CREATE SCHEMA IF NOT EXISTS $schema AUTHORIZATION $role;
SQL
  done
}

# --- configurations ---

peers_of() {
  case "$1" in
    edge) echo authn policy approval masking session-recorder ;;
    authn) echo policy ;;
    policy) echo authn ;;
    session-recorder) echo authn approval ;;
    approval|masking) echo authn policy ;;
  esac
}

write_config() {
  local name=$1 peer where
  where=$(superuser <<<'\echo host=:HOST port=:PORT dbname=:DBNAME')
  mkdir -p -m 700 "$dir/$name/secrets"
  {
    [ "$name" = edge ] || echo "listen: 127.0.0.1:$(cat "$run/$name.port")"
    echo "metrics: 127.0.0.1:0"
    echo "tls: {certificate: tls/tls.crt, key: tls/tls.key, authority: tls/ca.crt}"
    echo "peers:"
    for peer in $(peers_of "$name"); do echo "  $peer: 127.0.0.1:$(cat "$run/$peer.port")"; done
    if with_database "$name"; then
      echo "database: {conninfo: '$where user=cs_$(schema_of "$name")', passwordFile: database.password}"
    fi
    echo "secrets: secrets"
    echo "drain: {delay: 0s, timeout: 3s}"
    echo "addressesFile: '$run/$name.json'"
    case "$name" in
      authn) echo "service: {adminKeyFile: '$dir/admin.key'}" ;;
      edge) echo "service: {listen: [{address: '$http'}]}" ;;
      masking) if [ -n "$masking" ]; then cat "$masking"; fi ;;
    esac
  } >"$dir/$name/config.yaml.new"
  mv "$dir/$name/config.yaml.new" "$dir/$name/config.yaml"
}

# --- running ---

start_part() {
  local name=$1 program=$bin/countersign-$1
  [ -x "$program" ] && [ -e "$run/$name.wanted" ] || return 0 # being rebuilt, or stopped just now
  rm -f "$run/$name.json"
  "$program" --config "$dir/$name/config.yaml" </dev/null >>"$log/$name.log" 2>&1 &
  echo $! >"$run/$name.pid"
  stat -c %Y "$program" >"$run/$name.built"
}

rebuilt() {
  local built
  built=$(stat -c %Y "$bin/countersign-$1" 2>/dev/null || true)
  [ -n "$built" ] && [ "$built" != "$(cat "$run/$1.built" 2>/dev/null)" ]
}

# Keeps the wanted parts running until $run/stop appears. A part that ends at once is restarted every second.
supervise() {
  local name
  trap '' INT HUP
  trap 'touch "$run/stop"' TERM
  echo "$BASHPID" >"$run/supervisor.pid"
  declare -A started
  while [ ! -e "$run/stop" ]; do
    start_postgres || true
    for name in "${parts[@]}"; do
      if [ ! -e "$run/$name.wanted" ]; then continue; fi
      if running "$name"; then
        rebuilt "$name" && kill "$(cat "$run/$name.pid")" 2>/dev/null
      elif [ "${started[$name]:-0}" -lt "$SECONDS" ] || [ -z "${started[$name]:-}" ]; then
        started[$name]=$SECONDS
        start_part "$name"
      fi
    done
    sleep 0.2 || true # a signal to the whole group ends it early
  done
  rm -f "$run"/*.wanted
  end_part edge TERM # first: it has calls that need the others
  for name in "${parts[@]}"; do running "$name" && kill "$(cat "$run/$name.pid")" 2>/dev/null; done
  for name in "${parts[@]}"; do end_part "$name" TERM; done
  stop_postgres fast
  rm -rf "$(cat "$run/postgres.socket" 2>/dev/null)" "$run/postgres.socket"
  rm -f "$run/stop" "$run/supervisor.pid"
}

end_part() {
  local name=$1 pid
  running "$name" || { rm -f "$run/$name.pid"; return 0; }
  pid=$(cat "$run/$name.pid")
  kill -s "$2" "$pid" 2>/dev/null || true
  for _ in $(seq 100); do
    running "$name" || break
    sleep 0.1
  done
  running "$name" && kill -s KILL "$pid" 2>/dev/null
  rm -f "$run/$name.pid"
}

stop_part() {
  rm -f "$run/$1.wanted"
  if [ "$1" = postgres ]; then
    if [ "$2" = KILL ]; then stop_postgres immediate; else stop_postgres fast; fi
  else
    end_part "$1" "$2"
  fi
}

stop_all() {
  supervised || return 0
  touch "$run/stop"
  for _ in $(seq 300); do
    supervised || return 0
    sleep 0.1
  done
  echo "dev: something in $dir does not stop; see $log" >&2
  exit 1
}

address() { jq -r ".$2 // \"-\"" "$run/$1.json" 2>/dev/null; } # address PART grpc|http|metrics

ready() {
  if [ "$1" = postgres ]; then
    as_postgres "$(postgres_programs)/pg_isready" -q -h "$(socket_folder)"
  else
    curl -sf -o /dev/null --max-time 5 "http://$(address "$1" metrics)/readyz"
  fi
}

await_part() {
  for _ in $(seq 300); do
    ready "$1" && return
    sleep 0.1
  done
  echo "dev: $1 did not become ready:" >&2
  curl -s --max-time 5 "http://$(address "$1" metrics)/readyz" >&2
  tail -n 5 "$log/$1.log" >&2
  return 1
}

publish() {
  cp "$run/edge.json" "$dir/addresses.json.new"
  mv "$dir/addresses.json.new" "$dir/addresses.json"
}

await_ready() {
  local name
  for name in "${parts[@]}"; do await_part "$name" || return; done
  publish
}

announce() {
  local name
  echo "gateway           http://$(address edge http)"
  echo "administrator     $dir/admin.key"
  for name in "${parts[@]}"; do
    printf '%-17s grpc %-17s metrics http://%s\n' "$name" "$(address "$name" grpc)" "$(address "$name" metrics)"
  done
  echo "logs              $log"
}

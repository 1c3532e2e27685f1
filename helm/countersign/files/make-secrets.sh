#!/usr/bin/env bash
# Makes the Secrets of a release that are missing and renews certificates that end soon. Run by Jobs of the chart.
# No Secret with keys or passwords is ever changed: the API server refuses to create one that exists.
#
# PLAN has one line per Secret:   KIND NAME [ARGUMENT…]
#   authority NAME                     a CA: tls.crt, tls.key
#   certificate NAME URI [DNS…]        tls.crt, tls.key, ca.crt; renewed when a third of its life is left. `-` is no URI
#   password NAME ROLE                 username, password
#   keys NAME FILE…                    a service's keys, each made as its name says
# The authority is the first line that needs one.
# Also from the environment: API_SERVER, NAMESPACE, ACCOUNT (folder with token and ca.crt), LABELS (JSON), DAYS,
# AUTHORITY_DAYS.
set -euo pipefail
umask 077
: "${PLAN:?}" "${API_SERVER:?}" "${NAMESPACE:?}" "${ACCOUNT:?}" "${LABELS:?}" "${DAYS:?}" "${AUTHORITY_DAYS:?}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() { echo "make-secrets: $*" >&2; exit 1; }

# api METHOD PATH [BODY-FILE]: prints the status; the answer is in $work/answer. Transient failures are tried again.
api() {
  printf 'authorization: Bearer %s\n' "$(cat "$ACCOUNT/token")" >"$work/headers"
  curl -sS --retry 5 --retry-connrefused --retry-max-time 60 --max-time 30 --cacert "$ACCOUNT/ca.crt" \
    -H @"$work/headers" -H 'content-type: application/json' -o "$work/answer" -w '%{http_code}' \
    -X "$1" ${3:+--data-binary @"$3"} "$API_SERVER/api/v1/namespaces/$NAMESPACE/secrets$2"
}

# exists NAME: fetches the Secret into $work/answer.
exists() {
  local status
  status=$(api GET "/$1") || fail "the Kubernetes API does not answer"
  case "$status" in
    200) return 0 ;;
    404) return 1 ;;
    *) fail "reading Secret $1: HTTP $status $(head -c 300 "$work/answer")" ;;
  esac
}

# secret NAME TYPE FOLDER [VERSION]: a Secret with the files of FOLDER, as JSON.
secret() {
  local file
  for file in "$3"/*; do jq -n --arg key "${file##*/}" --rawfile value "$file" '{($key): ($value | @base64)}'; done |
    jq -s --arg name "$1" --arg type "$2" --arg version "${4:-}" --argjson labels "$LABELS" '{apiVersion: "v1",
      kind: "Secret", type: $type, data: add,
      metadata: ({name: $name, labels: $labels} + (if $version == "" then {} else {resourceVersion: $version} end))}'
}

# create NAME TYPE FOLDER: one of several that try at once wins.
create() {
  secret "$@" >"$work/body"
  local status
  status=$(api POST "" "$work/body") || fail "the Kubernetes API does not answer"
  case "$status" in
    201) echo "made $1" ;;
    409) echo "kept $1" ;;
    *) fail "making Secret $1: HTTP $status $(head -c 300 "$work/answer")" ;;
  esac
}

# replace NAME TYPE FOLDER VERSION: nothing happens when somebody else was faster.
replace() {
  secret "$@" >"$work/body"
  local status
  status=$(api PUT "/$1" "$work/body") || fail "the Kubernetes API does not answer"
  case "$status" in
    200) echo "renewed $1" ;;
    409) echo "renewed meanwhile $1" ;;
    *) fail "renewing Secret $1: HTTP $status $(head -c 300 "$work/answer")" ;;
  esac
}

field() { jq -r --arg key "$1" '.data[$key] // empty' "$work/answer" | base64 -d; }
version() { jq -r '.metadata.resourceVersion // empty' "$work/answer"; }
fresh_folder() { rm -rf "${work:?}/$1"; mkdir "$work/$1"; echo "$work/$1"; }
hex() { openssl rand -hex 32; }
base64url() { openssl rand 32 | basenc --base64url -w0 | tr -d =; }

make_authority() {
  local files=$work/authority
  if ! exists "$1"; then
    files=$(fresh_folder authority)
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -sha256 -days "$AUTHORITY_DAYS" \
      -subj "/CN=$1" -addext basicConstraints=critical,CA:TRUE,pathlen:0 \
      -addext keyUsage=critical,keyCertSign,cRLSign -keyout "$files/tls.key" -out "$files/tls.crt" 2>"$work/openssl" ||
      fail "$(cat "$work/openssl")"
    create "$1" kubernetes.io/tls "$files"
    exists "$1" || fail "Secret $1 vanished"
  fi
  files=$(fresh_folder authority)
  field tls.crt >"$files/tls.crt"
  field tls.key >"$files/tls.key"
  [ -s "$files/tls.crt" ] && [ -s "$files/tls.key" ] || fail "Secret $1 has no tls.crt and tls.key"
}

# Whether the certificate in $work/answer need not be renewed.
still_good() {
  local names=$1
  field tls.crt >"$work/leaf.crt"
  field ca.crt >"$work/leaf-ca.crt"
  openssl x509 -checkend $((DAYS * 86400 / 3)) -noout -in "$work/leaf.crt" >/dev/null 2>&1 &&
    openssl verify -CAfile "$work/authority/tls.crt" "$work/leaf.crt" >/dev/null 2>&1 &&
    cmp -s "$work/authority/tls.crt" "$work/leaf-ca.crt" &&
    [ "$(openssl x509 -noout -ext subjectAltName -in "$work/leaf.crt" 2>/dev/null | sed -n '2s/^ *//p')" = "$names" ]
}

make_certificate() {
  local name=$1 uri=$2 names= shown= dns found= files
  shift 2
  [ "$uri" = - ] || { names="URI:$uri"; shown="URI:$uri"; }
  for dns in "$@"; do names+=${names:+,}DNS:$dns; shown+=${shown:+, }DNS:$dns; done
  if exists "$name"; then
    if still_good "$shown"; then echo "kept $name"; return; fi
    found=$(version)
  fi
  files=$(fresh_folder leaf)
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -sha256 -subj / -keyout "$files/tls.key" \
    -out "$work/leaf.csr" 2>"$work/openssl" || fail "$(cat "$work/openssl")"
  printf '%s\n' "subjectAltName=$names" extendedKeyUsage=serverAuth,clientAuth basicConstraints=critical,CA:FALSE \
    >"$work/leaf.ext"
  openssl x509 -req -in "$work/leaf.csr" -CA "$work/authority/tls.crt" -CAkey "$work/authority/tls.key" -sha256 \
    -set_serial "0x$(openssl rand -hex 16)" -days "$DAYS" -extfile "$work/leaf.ext" -out "$files/tls.crt" \
    2>"$work/openssl" || fail "$(cat "$work/openssl")"
  cp "$work/authority/tls.crt" "$files/ca.crt"
  if [ -n "$found" ]; then
    replace "$name" kubernetes.io/tls "$files" "$found"
  else
    create "$name" kubernetes.io/tls "$files"
  fi
}

make_password() {
  if exists "$1"; then echo "kept $1"; return; fi
  local files
  files=$(fresh_folder password)
  printf %s "$2" >"$files/username"
  hex | tr -d '\n' >"$files/password"
  create "$1" kubernetes.io/basic-auth "$files"
}

make_keys() {
  local name=$1 file files
  shift
  if exists "$name"; then echo "kept $name"; return; fi
  files=$(fresh_folder keys)
  for file in "$@"; do
    case "$file" in
      key-hash.key|vault.key|content.key|hash.key) hex ;;
      internal-signing.pem) openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 2>/dev/null ;;
      record.keys) echo "kek-1 $(base64url)" ;;
      checkpoint.key) echo "$(base64url)" ;;
      admin.key) echo "cs_admin_$(base64url)" ;;
      *) fail "no way to make $file" ;;
    esac >"$files/$file"
  done
  create "$name" Opaque "$files"
}

while read -r kind name arguments; do
  [ -n "$kind" ] || continue
  # shellcheck disable=SC2086 # words
  case "$kind" in
    authority) make_authority "$name" ;;
    certificate) make_certificate "$name" $arguments ;;
    password) make_password "$name" $arguments ;;
    keys) make_keys "$name" $arguments ;;
    *) fail "unknown line in the plan: $kind $name" ;;
  esac
done <<<"$PLAN"

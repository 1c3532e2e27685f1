#!/usr/bin/env bash
# Installs, runs, upgrades and removes the packages in /packages; run by packages_test.py as the only process of a root.
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive
say() { echo "--- $*"; }
fail() { trap - ERR; echo "FAILED: $*"; tail -n 20 /var/log/countersign-test/* 2>/dev/null || true; exit 1; }
trap 'fail "line $LINENO"' ERR
units=(/usr/lib/systemd/system/countersign-{authn,policy,approval,masking,session-recorder,edge}.service)
mkdir -p /var/log/countersign-test

say install
dpkg -i /packages/0.1.0/*.deb
[ -z "$(dpkg --audit)" ] || fail "$(dpkg --audit)"

say units
systemd-analyze verify "${units[@]}" /usr/lib/systemd/system/countersign-standalone.service
systemd-analyze security --offline=true --no-pager --threshold=15 "${units[@]}" \
  /usr/lib/systemd/system/countersign-standalone.service | grep -E 'Overall'

say 'programs, manuals, completion'
for program in /usr/bin/countersign* /usr/sbin/countersign*; do
  "$program" --help >/dev/null
  man --warnings -l "$(man -w "${program##*/}")" >/dev/null 2>/tmp/man.err || fail "man ${program##*/}"
  [ ! -s /tmp/man.err ] || fail "man ${program##*/}: $(cat /tmp/man.err)"
done
bash -c '. /usr/share/bash-completion/completions/countersign
  COMP_WORDS=(countersign reviews appr) COMP_CWORD=2; _countersign; [ "${COMPREPLY[*]}" = approve ]'

# Starts the unit's own command as its user, in its folders.
setting() { sed -n "s/^$1=//p" "/usr/lib/systemd/system/$2.service"; }
start() {
  local unit=$1 user folder
  user=$(setting User "$unit")
  for folder in $(setting StateDirectory "$unit"); do
    install -d -m 0700 -o "$user" -g "$user" "/var/lib/$folder"
  done
  # shellcheck disable=SC2046 # the unit's words
  (cd / && exec setpriv --reuid="$user" --regid="$user" --init-groups --no-new-privs --bounding-set=-all \
    --inh-caps=-all $(setting ExecStart "$unit")) </dev/null >>"/var/log/countersign-test/$unit" 2>&1 &
  echo $! >"/run/$unit.pid"
}
stop() { kill "$(cat "/run/$1.pid")"; wait "$(cat "/run/$1.pid")" || true; }
await() { for _ in $(seq 600); do if "$@" >/dev/null 2>&1; then return; fi; sleep 0.1; done; "$@" || true; fail "waiting for: $*"; }

ca=/etc/countersign/tls/ca/ca.crt
admin() {
  countersign --addr https://127.0.0.1:8443 --ca-file "$ca" --token-file /var/lib/countersign-authn/admin.key "$@"
}
call() {
  curl -sS --cacert "$ca" https://127.0.0.1:8443/v1/chat/completions -H "authorization: Bearer $1" \
    -H 'content-type: application/json' \
    -d '{"model":"demo-1","messages":[{"role":"user","content":"Say exactly: my card is 4111 1111 1111 1111."}]}'
}
start_services() {
  local name
  for name in authn policy approval masking session-recorder edge; do start "countersign-$name"; done
  await curl -sf --cacert "$ca" https://127.0.0.1:8443/readyz
  await admin services status
}
stop_services() { for name in edge session-recorder masking approval policy authn; do stop "countersign-$name"; done; }

say 'the six services'
pg_createcluster 15 main >/dev/null
runuser -u postgres -- /usr/lib/postgresql/15/bin/pg_ctl -D /etc/postgresql/15/main -w -s \
  -l /tmp/postgresql.log start
countersign-setup
[ "$(countersign-setup | wc -l)" -eq 1 ] || fail 'a second countersign-setup changes something'
for name in authn policy approval masking session-recorder edge; do
  runuser -u "countersign-$name" -- "/usr/sbin/countersign-$name" --config "/etc/countersign/$name.yaml" --check
done
start_services
countersign-demo-model --port 9900 >/var/log/countersign-test/model 2>&1 &
await curl -s http://127.0.0.1:9900/
cat >/tmp/first.yaml <<'YAML'
apiVersion: countersign/v1
kind: Connection
metadata: {name: demo}
spec: {protocol: openai, url: 'http://127.0.0.1:9900/v1', default: true}
---
apiVersion: countersign/v1
kind: Identity
metadata: {name: ci-bot}
spec: {kind: ci, groups: [ci]}
---
apiVersion: countersign/v1
kind: RoleBinding
metadata: {name: callers}
spec: {role: caller, groups: [ci]}
---
apiVersion: countersign/v1
kind: Policy
metadata: {name: everything}
spec: {then: {allow: {}, masking: tier1}}
YAML
admin apply -f /tmp/first.yaml
key=$(admin keys create ci-bot -o json | jq -r .key)
await bash -c "$(declare -f call); ca=$ca; call $key | grep -q choices"
answer=$(call "$key")
[[ $answer == *'<FINANCIAL.CARD>'* || $answer == *'my card is <'* ]] || fail "not masked: $answer"
[[ $answer != *'4111 1111'* ]] || fail "not masked: $answer"
admin sessions list -o json | jq -e '.items | length >= 1' >/dev/null

say 'the standalone gateway'
start countersign-standalone
await curl -sf http://127.0.0.1:8080/readyz
countersign --addr 127.0.0.1:8080 --token-file /var/lib/countersign/data/admin.key whoami
stop countersign-standalone

say upgrade
echo '# changed here' >>/etc/countersign/edge.yaml
dpkg -i /packages/0.1.1/*.deb >/dev/null
grep -q '^# changed here' /etc/countersign/edge.yaml || fail 'the upgrade replaced a changed configuration'
[ "$(dpkg-query -W -f '${Version}' countersign-edge)" = 0.1.1 ]
stop_services
start_services
[[ $(call "$key") == *choices* ]] || fail 'no call after the upgrade'

say remove
stop_services
dpkg -r $(dpkg-query -W -f '${Package}\n' 'countersign*') >/dev/null
[ ! -e /usr/sbin/countersign-edge ] && [ -e /etc/countersign/edge.yaml ] || fail 'remove'
dpkg -P $(dpkg-query -W -f '${Package}\n' 'countersign*') >/dev/null
[ ! -e /etc/countersign/edge.yaml ] || fail 'purge left the configuration'
[ -s /var/lib/countersign-session-recorder/secrets/record.keys ] || fail 'purge deleted the keys of the record'
say done

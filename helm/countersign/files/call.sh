#!/usr/bin/env bash
# `helm test`: what a caller without a key is told; with DEMO also an allowed call whose answer is masked, and a denied one.
# From the environment: COUNTERSIGN_ADDR, AUTHORITY (a file; may be missing), and with DEMO=yes CLI, KEY_FILE.
set -euo pipefail
: "${COUNTERSIGN_ADDR:?}"
fail() { echo "FAILED: $*" >&2; exit 1; }
trust=()
[ ! -s "${AUTHORITY:-}" ] || trust=(--cacert "$AUTHORITY")
call() { # call KEY PROMPT: prints the body and the status
  jq -n --arg text "$2" '{model: "demo-1", messages: [{role: "user", content: $text}]}' |
    curl -sS --max-time 30 "${trust[@]}" -w '\n%{http_code}' -H "authorization: Bearer $1" \
      -H 'content-type: application/json' --data-binary @- "$COUNTERSIGN_ADDR/v1/chat/completions"
}

answer=$(call no-such-key hello)
[ "${answer##*$'\n'}" = 401 ] || fail "a caller without a valid key got $answer"
echo "ok: a caller without a valid key is refused"
[ "${DEMO:-}" = yes ] || exit 0

as_admin=("$CLI" --token-file "$KEY_FILE")
[ ${#trust[@]} = 0 ] || as_admin+=(--ca-file "$AUTHORITY")
key=$("${as_admin[@]}" keys create helm-test --ttl 5m -o json | jq -r .key)
answer=$(call "$key" "Show me the customer file.")
[ "${answer##*$'\n'}" = 200 ] || fail "an allowed call got $answer"
case "$answer" in *"<CREDIT_CARD>"*) ;; *) fail "the answer is not masked: $answer" ;; esac
echo "ok: an allowed call is answered, its answer masked"
answer=$(call "$key" "Tell me about project nightfall.")
[ "${answer##*$'\n'}" = 403 ] || fail "a denied call got $answer"
case "$answer" in *policy_denied*) ;; *) fail "the denied call was told $answer" ;; esac
echo "ok: a denied call is refused"

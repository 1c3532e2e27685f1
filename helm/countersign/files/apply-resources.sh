#!/usr/bin/env bash
# Applies the resources in FOLDER when the gateway answers, and prints before what will change. Run by a Job of the chart.
# From the environment: COUNTERSIGN_ADDR, CLI, KEY_FILE, AUTHORITY (a file; may be missing), FOLDER.
set -euo pipefail
: "${COUNTERSIGN_ADDR:?}" "${CLI:?}" "${KEY_FILE:?}" "${FOLDER:?}"
as_admin=("$CLI" --token-file "$KEY_FILE")
[ ! -s "${AUTHORITY:-}" ] || as_admin+=(--ca-file "$AUTHORITY")
for _ in $(seq 150); do
  "${as_admin[@]}" whoami >/dev/null 2>&1 && break
  sleep 2
done
"${as_admin[@]}" whoami
"${as_admin[@]}" diff -f "$FOLDER" || true # it fails when there are differences
exec "${as_admin[@]}" apply -f "$FOLDER"

#!/usr/bin/env bash
# Calls every operation of the HTTP API as its description allows, and as it forbids, and checks
# that each answer is one the description promises. Once as an agent, once as a reading person.
#
# usage: schemathesis.sh HOLDSHORT SCHEMATHESIS
set -euo pipefail

holdshort=$(realpath "$1")
schemathesis=$(realpath -s "$2")
examples=${HOLDSHORT_FUZZ_EXAMPLES:-15}

# The fuzzer keeps its notes in the current folder, so that is a scratch one too.
data=$(mktemp -d)
cd "$data"
server=
finish() {
  if [ -n "$server" ]; then
    kill "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
  fi
  cd /
  rm -rf "$data"
}
trap finish EXIT

"$holdshort" serve --data "$data/gate" --listen 127.0.0.1:0 </dev/null >"$data/log" 2>&1 &
server=$!

address=
for _ in $(seq 100); do
  address=$(sed -n 's|.*Holdshort listens on \(http://[0-9.:]*\).*|\1|p' "$data/log" | head -n 1)
  if [ -n "$address" ] || ! kill -0 "$server" 2>/dev/null; then
    break
  fi
  sleep 0.1
done
if [ -z "$address" ]; then
  echo "the server did not start:" >&2
  cat "$data/log" >&2
  exit 1
fi

agent=$("$holdshort" token create --agent fuzz --data "$data/gate" 2>/dev/null)
person=$("$holdshort" token create --person fuzz-reader --data "$data/gate" 2>/dev/null)

checks=not_a_server_error,status_code_conformance
checks+=,content_type_conformance,response_schema_conformance
fuzz() {
  "$schemathesis" run "$address/openapi.json" --url "$address" --no-color --seed 1 \
    --header "Authorization: Bearer $token" --checks "$checks" \
    --max-examples "$examples" --request-timeout 20 "$@"
}

# Signing out revokes the token that calls, so it comes last.
failed=0
for who in agent person; do
  if [ "$who" = agent ]; then token=$agent; else token=$person; fi
  echo "== as the $who"
  fuzz --exclude-path /v1/sign-out || failed=1
  fuzz --include-path /v1/sign-out || failed=1
done

if ! kill -0 "$server" 2>/dev/null; then
  echo "the server died:" >&2
  tail -n 50 "$data/log" >&2
  failed=1
fi
exit "$failed"

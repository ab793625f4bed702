#!/usr/bin/env bash
# sqlmap on every kind of input that reaches a query: ids in paths, filters, cursors, codes and texts in bodies.
# Fails if it finds anything injectable, or if it was not let in.
#
#   tests/audit/sqlmap.sh FILE REPORT     FILE: what `panoh demo --json` said
set -euo pipefail
told=$1 report=$2

# What stands at a path of the demo's account of itself, or an answer of its API as a role: node's expression over `it`.
demo() { node -e 'const it = JSON.parse(require("fs").readFileSync(process.argv[1])); console.log(eval(process.argv[2]))' "$told" "$1"; }
url=$(demo it.url)/api/v1
sign_in() {
    local who
    who=$(demo "JSON.stringify((({email, password}) => ({email, password}))(it.accounts.find((one) => one.role === '$1')))")
    curl -fsS -H 'Content-Type: application/json' -d "$who" "$url/session" | node -p 'JSON.parse(require("fs").readFileSync(0)).token'
}

# ROLE and what sqlmap is to ask; a star marks where it injects. By errors, by what a condition changes, and by other
# queries' rows; not by waiting, which says little on a machine that is busy with this.
run() {
    local role=$1
    shift
    sqlmap --batch --level 2 --risk 2 --technique BEU --threads 4 --flush-session --ignore-code '*' \
        --output-dir "$report/sqlmap" --header "Authorization: Bearer ${token[$role]}" "$@" | tee -a "$report/sqlmap.log"
}

declare -A token
for role in admin committee officer manager; do token[$role]=$(sign_in "$role"); done
# Somebody as whom nobody here signs in: a change of an account ends its sessions.
body='{"email":"asked@demo.example","name":"A","role":"committee","language":"en"}'
user=$(curl -fsS -H "Authorization: Bearer ${token[admin]}" -H 'Content-Type: application/json' -H "Idempotency-Key: $(date +%s%N)" \
    -d "$body" "$url/users" | node -p 'JSON.parse(require("fs").readFileSync(0)).id')
shelter=$(demo "it.accounts.find((one) => one.role === 'manager').shelter_ids[0]")
json=(--headers 'Content-Type: application/json')
: >"$report/sqlmap.log"
run admin -u "$url/audit?limit=10&cursor=5*&action=user.change*&from=2026-11-01*"
run admin -u "$url/users/$user*" --method PUT "${json[@]}" --data '{"name":"A*","role":"committee","language":"en*"}'
run committee -u "$url/digests?limit=10&kind=due*&cursor=1*"
run committee -u "$url/statistics/occupancy?from=2026-11-01*&to=2026-11-20&region=TJ-SU*"
run officer -u "$url/referrals?limit=10&cursor=1*"
run officer -u "$url/suggestions" "${json[@]}" \
    --data '{"household":{"adults":[{"age_band":"18_59"}],"children":[]},"needs":[],"languages":["tg*"],"from_district":"TJ*"}'
run manager -u "$url/holds?limit=10&cursor=1*"
run manager -u "$url/shelters/$shelter*/stock"

if grep -E 'is vulnerable|identified the following injection point' "$report/sqlmap.log"; then
    exit 1
fi
# Every question as nobody, or turned away at the door, is none.
if grep -E '(401 \(Unauthorized\)|429 \(Too Many Requests\)) - ' "$report/sqlmap.log" || ! grep -q 'testing .*UNION query' "$report/sqlmap.log"; then
    echo 'sqlmap was not let in' >&2
    exit 1
fi

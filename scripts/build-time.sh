#!/usr/bin/env bash
# How long a clean release build takes here, in time and in processor time, and how large the program is. With --ci also how
# long all takes that must hold before a change lands, in a fresh clone (an hour). Kept in target/bench for docs/PERFORMANCE.md.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/setup.sh compiler frontend
npm --prefix frontend run build --silent
kept=target/bench
mkdir -p "$kept"
rows=()
fact() { rows+=("{\"name\": \"$1\", \"value\": $2, \"unit\": \"$3\"}"); printf '%-44s %10s %s\n' "$1" "$2" "$3"; }
cargo fetch --locked --quiet
load=$(cut -d ' ' -f 1 /proc/loadavg)

clean=$(mktemp -d "$PWD/$kept/clean.XXXXXX")
trap 'rm -rf "$clean"' EXIT
TIMEFORMAT='%R %U %S'
read -r wall user system < <({ time CARGO_TARGET_DIR=$clean cargo build --release --locked --offline --quiet --bin panoh; } 2>&1 | tail -1)
[ -x "$clean/release/panoh" ]
fact "clean release build" "$wall" s
fact "its processor time" "$(awk -v u="$user" -v s="$system" 'BEGIN { print u + s }')" s
fact "the program, web app and country inside" "$(awk -v b="$(stat -c %s "$clean/release/panoh")" 'BEGIN { printf "%.1f", b / 1e6 }')" MB
rm -rf "$clean"

if [ "${1:-}" = --ci ]; then
    git clone --quiet . "$clean"
    begin=$SECONDS
    (cd "$clean" && env -u CARGO_TARGET_DIR .ci/run) >"$kept/ci.log" 2>&1 || { tail -40 "$kept/ci.log"; exit 1; }
    fact "all checks and tests in a fresh clone (.ci)" $((SECONDS - begin)) s
fi

list=$(IFS=,; printf '%s' "${rows[*]}")
cat >"$kept/build.json" <<END
{
  "section": "build",
  "circumstances": {"date": "$(date -u '+%Y-%m-%d %H:%M UTC')", "commit": "$(git rev-parse --short HEAD)", "load_before": "$load"},
  "rows": [$list]
}
END

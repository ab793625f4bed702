#!/usr/bin/env bash
# The tools of attackers, turned on ourselves: parsers under random input, the API asked everything its document allows and
# what it does not, injection and server scanners, known vulnerabilities, and what the program is made of. Reports in target/audit.
#
#   scripts/audit.sh [MINUTES]     how long the API is asked (20), as each role a quarter
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/phases.sh
. scripts/phases.sh

export CARGO_TERM_COLOR=never NO_COLOR=1
minutes=${1:-20}
report=target/audit
mkdir -p "$report"

scripts/lint.sh
scripts/setup.sh audit scanners
npm --prefix frontend run build --silent
phase "build of the program" none cargo build --release --locked --bin panoh
program=$PWD/target/release/panoh

# What is in the program and in the web app, for whoever asks whether a new vulnerability reaches them.
command -v cargo-cyclonedx >/dev/null 2>&1 ||
    phase "installation of cargo-cyclonedx" none cargo install cargo-cyclonedx --locked
bill() {
    cargo cyclonedx --format json --spec-version 1.5 --override-filename panoh-sbom --target x86_64-unknown-linux-gnu
    mv panoh-sbom.json "$report/panoh.cdx.json"
    rm -f entity/panoh-sbom.json migration/panoh-sbom.json
    npm --prefix frontend sbom --sbom-format cyclonedx --omit dev >"$report/web.cdx.json"
}
phase "bills of materials" none bill

scripts/fuzz.sh "${FUZZ_SECONDS:-120}"
phase "the API, $minutes minutes" none "$report/venv/bin/python" tests/audit/api.py "$program" $((minutes * 60))

# A demo of their own for the scanners.
folder=$(mktemp -d)
"$program" demo --port 0 --dir "$folder" --json >"$folder/told" 2>"$folder/log" &
demo=$!
trap 'kill $demo 2>/dev/null; rm -rf "$folder"' EXIT
until [ -s "$folder/told" ]; do sleep 0.2; done
url=$(node -p 'JSON.parse(require("fs").readFileSync(process.argv[1])).url' "$folder/told")

phase "injection (sqlmap)" none tests/audit/sqlmap.sh "$folder/told" "$report"
phase "server (nikto)" none tests/audit/nikto.sh "$url" "$report"
kill $demo 2>/dev/null || true

closing_line

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
# Of the web app also what only builds it, which npm marks as `development`: left out by `--omit dev`, it takes with it
# whatever a tool and the app share.
bill() {
    cargo cyclonedx --format json --spec-version 1.5 --override-filename panoh-sbom --target x86_64-unknown-linux-gnu
    mv panoh-sbom.json "$report/panoh.cdx.json"
    rm -f entity/panoh-sbom.json migration/panoh-sbom.json
    npm --prefix frontend sbom --sbom-format cyclonedx >"$report/web.cdx.json"
    billed panoh.cdx.json actix-web argon2 sqlx
    billed web.cdx.json svelte idb
}
# A bill that leaves out what is surely in is none.
billed() {
    node -e 'const [file, ...names] = process.argv.slice(1);
        const marked = (part) => (part.properties ?? []).some((one) => one.name === "cdx:npm:package:development");
        const parts = JSON.parse(require("fs").readFileSync(file)).components.filter((part) => !marked(part));
        console.log(`${file}: ${parts.length} parts`);
        const missing = names.filter((name) => !parts.some((part) => part.name === name));
        if (missing.length > 0) throw new Error(`${file} lacks ${missing}`);' "$report/$1" "${@:2}"
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

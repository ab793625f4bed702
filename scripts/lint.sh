#!/usr/bin/env bash
# Style, lints, licences and known vulnerabilities. cargo-deny is compiled on first use (a few minutes).
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/phases.sh
. scripts/phases.sh

export CARGO_TERM_COLOR=never NO_COLOR=1

# advisories NAME COMMAND...: lists of known vulnerabilities live outside. Where they cannot be reached this is said
# aloud and is no failure; what they report is.
advisories() {
    local name=$1 log started=$SECONDS
    shift
    log="$log_dir/advisories-${name//[^a-z0-9]/-}.log"
    printf '%-34s' "advisories: $name"
    if "$@" >"$log" 2>&1 </dev/null; then
        printf 'ok      %4d s\n' $((SECONDS - started))
    elif grep -qE 'audit endpoint returned an error|failed to fetch advisory database' "$log"; then
        printf 'NOT CHECKED: the list cannot be reached from here\n'
    else
        printf 'FAILED  %4d s\n\n' $((SECONDS - started))
        cat "$log"
        exit 1
    fi
}

scripts/setup.sh compiler frontend e2e
phase "format" none cargo fmt --all --check
phase "frontend: types" none npm --prefix frontend run check
phase "frontend: build" none npm --prefix frontend run build
phase "clippy" none cargo clippy --workspace --all-targets --locked -- -D warnings
command -v cargo-deny >/dev/null 2>&1 ||
    phase "installation of cargo-deny" none cargo install cargo-deny --locked
phase "licences, bans, sources" none cargo deny --workspace --locked check licenses bans sources
advisories "crates" cargo deny --workspace --locked check advisories
advisories "web app" npm --prefix frontend audit
advisories "end-to-end tests" npm --prefix tests/e2e audit

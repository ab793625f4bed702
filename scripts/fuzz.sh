#!/usr/bin/env bash
# The parsers under random input that learns (cargo-fuzz): each target for as long as is said. What is found stands in
# fuzz/artifacts/TARGET; mend it, and keep the input as a unit test of the parser.
#
#   scripts/fuzz.sh [SECONDS] [TARGET...]    each target so long (120), all of them or these
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/phases.sh
. scripts/phases.sh

export CARGO_TERM_COLOR=never NO_COLOR=1
# Only the coverage of code is measured, which the stable compiler can do if it is told that it may. There is no unsafe
# code of ours for an address sanitizer to look at.
export RUSTC_BOOTSTRAP=1
seconds=${1:-120}
shift || true
targets=("$@")
if [ ${#targets[@]} -eq 0 ]; then
    for file in fuzz/fuzz_targets/*.rs; do targets+=("$(basename "$file" .rs)"); done
fi

scripts/setup.sh compiler frontend
command -v cargo-fuzz >/dev/null 2>&1 ||
    phase "installation of cargo-fuzz" none cargo install cargo-fuzz --locked
[ -e frontend/dist ] || npm --prefix frontend run build --silent
phase "fuzz targets" none cargo fuzz build --sanitizer none
fuzzed() {
    mkdir -p "fuzz/corpus/$1"
    cargo fuzz run --sanitizer none "$1" "fuzz/corpus/$1" "fuzz/seeds/$1" -- \
        -max_total_time="$seconds" -timeout=10 -max_len=8192 -rss_limit_mb=2048 -dict="fuzz/dictionaries/$1.dict"
}
for target in "${targets[@]}"; do
    phase "fuzz: $target, $seconds s" none fuzzed "$target"
done
closing_line

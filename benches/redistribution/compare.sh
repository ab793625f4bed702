#!/usr/bin/env bash
# Transfer plans beside HiGHS on 20 cases of 60 shelters and 20 items, then the time of 500 shelters and 20 items.
# HiGHS comes from PyPI into target/ and is no part of the program. SECONDS_EACH is what it gets for each case.
set -euo pipefail
cd "$(dirname "$0")/../.."
panoh=target/release/panoh
cases=target/redistribution
python=target/highs/bin/python

"$panoh" plan transfers-bench --shelters 500 --items 20 --cases 3
"$panoh" plan transfers-bench --shelters 500 --items 20 --cases 3 --journey-minor 0
rm -rf "$cases"
"$panoh" plan transfers-bench --shelters 60 --items 20 --cases 20 --write "$cases"
if [ ! -x "$python" ]; then
    python3 -m venv target/highs
    target/highs/bin/pip install --quiet highspy==1.15.1
fi
"$python" benches/redistribution/compare.py "$cases" --seconds "${SECONDS_EACH:-60}" --keep target/bench/highs.json "$@"

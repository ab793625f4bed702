#!/usr/bin/env bash
# Everything that must hold before a change lands, cheapest first. One line per phase; logs in target/logs.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/phases.sh
. scripts/phases.sh

export CARGO_TERM_COLOR=never NO_COLOR=1

scripts/setup.sh
phase "frontend: types" none npm --prefix frontend run check
phase "frontend: unit tests" vitest npm --prefix frontend test
phase "frontend: build" none npm --prefix frontend run build
phase "format" none cargo fmt --all --check
phase "clippy" none cargo clippy --workspace --all-targets --locked -- -D warnings
phase "build of the tests" none cargo test --workspace --locked --no-run
phase "unit and integration tests" cargo cargo test --workspace --locked --no-fail-fast
phase "build of the program" none cargo build --locked --bin panoh
# Needs root, for namespaces, and says so where it cannot.
phase "three nodes, one of them cut off" none tests/nodes/apart.py "$PWD/target/debug/panoh"
# Two minutes of what `make audit` does for twenty.
phase "the API as each role" none target/audit/venv/bin/python tests/audit/api.py "$PWD/target/debug/panoh" 120
phase "end-to-end tests" node npm --prefix tests/e2e test
closing_line

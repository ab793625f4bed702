#!/usr/bin/env bash
# What `make test` does in short, for as long as it takes to trust it: one line per phase, and the figures at the end.
# KILLS (100), OPERATIONS (200), MODEL_STEPS (1,000,000) and PROPTEST_CASES (20,000) make it shorter or longer. As root, or no disk is filled.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/phases.sh
. scripts/phases.sh

export CARGO_TERM_COLOR=never NO_COLOR=1
export KILLS=${KILLS:-100} MODEL_STEPS=${MODEL_STEPS:-1000000} PROPTEST_CASES=${PROPTEST_CASES:-20000}
export SLOW_CLIENTS=real

it() { cargo test --locked --test it -- --nocapture "$@"; }

scripts/setup.sh compiler postgresql
begun=$SECONDS
phase "build" none cargo test --locked --test it --lib --no-run
phase "build, optimised" none cargo test --release --locked --test it --no-run
phase "kills under load" cargo it --test-threads=1 durable::kills
phase "disk, database, connections" cargo it durable::faults
phase "clock" cargo it durable::clock
phase "slow clients" cargo it durable::slow
phase "letters, and nodes killed" cargo it digests::nodes digests::trouble digests::once
OPERATIONS=${OPERATIONS:-200} phase "beds, one node and three" cargo it nodes::linear
phase "slots of schedules" cargo cargo test --locked --lib -- domain::digests domain::calendar domain::alerts
phase "the model" cargo cargo test --release --locked --test it -- --nocapture model::
printf '\n'
cd "$log_dir"
grep -hE ' kills, |slow clients closed|NOT RUN' kills-under-load.log disk--database--connections.log slow-clients.log \
    letters--and-nodes-killed.log || true
grep -hE 'steps in' the-model.log || true
closing_line
printf '%d minutes\n' $(((SECONDS - begun) / 60))

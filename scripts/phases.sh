# shellcheck shell=bash
# Shared by the scripts that run several tools one after another: each phase prints one line with its time, its
# output goes to a log and is shown only when it fails. The first failure ends the run.
# Sourced, not run.

log_dir=target/logs
passed=0
failed=0

# phase NAME COUNTER COMMAND...: COUNTER names the tool whose closing lines are counted: cargo, vitest, node or none.
phase() {
    local name=$1 counter=$2 log started status=0
    shift 2
    mkdir -p "$log_dir"
    log="$log_dir/${name//[^a-z0-9]/-}.log"
    started=$SECONDS
    printf '%-34s' "$name"
    "$@" >"$log" 2>&1 </dev/null || status=$?
    tally "$counter" "$log"
    if [ "$status" -eq 0 ]; then
        printf 'ok      %4d s\n' $((SECONDS - started))
        return 0
    fi
    printf 'FAILED  %4d s\n\n' $((SECONDS - started))
    tail -n 300 "$log"
    printf '\nfailed: %s (exit status %d, all output in %s)\n' "$*" "$status" "$log"
    [ "$failed" -gt 0 ] || failed=1
    closing_line
    exit 1
}

# Adds the passed and failed tests that a log's closing lines tell of.
tally() {
    local sums
    sums=$(sed -E 's/\x1b\[[0-9;]*m//g' "$2" | awk -v counter="$1" '
        counter == "cargo" && /^test result:/ {
            for (i = 2; i <= NF; i++) { if ($i == "passed;") p += $(i - 1); if ($i == "failed;") f += $(i - 1) }
        }
        counter == "vitest" && /^ *Tests / {
            for (i = 2; i <= NF; i++) { if ($i == "passed") p += $(i - 1); if ($i == "failed") f += $(i - 1) }
        }
        counter == "node" && $2 == "pass" && NF == 3 { p += $3 }
        counter == "node" && ($2 == "fail" || $2 == "cancelled") && NF == 3 { f += $3 }
        END { print p + 0, f + 0 }')
    passed=$((passed + ${sums% *}))
    failed=$((failed + ${sums#* }))
}

closing_line() { printf '%d passed, %d failed\n' "$passed" "$failed"; }

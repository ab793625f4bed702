#!/usr/bin/env bash
# Installs what the build and the tests need and the machine lacks, and says what it does. Safe to run again:
# when nothing is missing it only looks.
#
#   scripts/setup.sh            everything
#   scripts/setup.sh PART...    only: compiler chromium postgresql frontend e2e audit scanners
#
# Debian packages come from apt (as root, or through sudo), JavaScript packages from the npm registry by the
# checked-in lock files. No browser is downloaded: the tests drive Debian's Chromium.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf 'setup: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }
has() { command -v "$1" >/dev/null 2>&1; }

missing_packages=()

want_compiler() { has cc || missing_packages+=(build-essential); }

# With a font that has ғ ӣ қ ӯ ҳ ҷ, which a bare system may lack.
want_chromium() { has chromium || missing_packages+=(chromium fonts-dejavu-core); }

want_postgresql() {
    has ip || missing_packages+=(iproute2)
    local initdb
    for initdb in /usr/lib/postgresql/*/bin/initdb; do
        [ -x "$initdb" ] && return
    done
    has initdb && has postgres && has pg_ctl || missing_packages+=(postgresql)
}

# Python asks the API everything its document allows; its packages come from PyPI by a list with hashes.
want_audit() { python3 -c 'import ensurepip' 2>/dev/null || missing_packages+=(python3 python3-venv); }

want_scanners() {
    has sqlmap || missing_packages+=(sqlmap)
    has perl && perl -MLW2 -e1 2>/dev/null || missing_packages+=(perl libwhisker2-perl libjson-pp-perl libnet-ssleay-perl)
}

# nikto's tests are not free software, so Debian keeps it apart: fetched as a tool, not installed.
fetch_nikto() {
    [ ! -e target/audit/nikto ] || return 0
    say "fetching nikto"
    mkdir -p target/audit
    curl -fsSL -o target/audit/nikto.deb https://deb.debian.org/debian/pool/non-free/n/nikto/nikto_2.1.5-3.1_all.deb
    printf '%s  target/audit/nikto.deb\n' 640d60e86d6102cb9fa444663f38433a5fc4df10e89b894bac48af427b525b47 | sha256sum --check --quiet
    dpkg -x target/audit/nikto.deb target/audit/nikto
}

python_packages() {
    local venv=target/audit/venv wanted
    wanted=$(sha256sum tests/audit/requirements.txt)
    if [ -f "$venv/.installed" ] && [ "$(cat "$venv/.installed")" = "$wanted" ]; then
        return 0
    fi
    say "installing the Python packages of tests/audit"
    rm -rf "$venv"
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check --require-hashes -r tests/audit/requirements.txt >&2
    printf '%s' "$wanted" >"$venv/.installed"
}

install_packages() {
    [ ${#missing_packages[@]} -gt 0 ] || return 0
    local manual="apt-get install ${missing_packages[*]}"
    has apt-get || die "this is no Debian system; please install the equivalent of: $manual"
    local as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        has sudo || die "not root and no sudo here; please run as root: $manual"
        as_root=(sudo)
    fi
    say "installing Debian packages: ${missing_packages[*]}"
    local log
    log=$(mktemp)
    # The tests run a private cluster of their own, so Debian's default cluster is neither made nor started.
    if [ ! -e /etc/postgresql-common/createcluster.conf ] && [[ " ${missing_packages[*]} " == *" postgresql "* ]]; then
        ${as_root[@]+"${as_root[@]}"} mkdir -p /etc/postgresql-common
        printf 'create_main_cluster = false\n' | ${as_root[@]+"${as_root[@]}"} tee /etc/postgresql-common/createcluster.conf >/dev/null
    fi
    if ! { ${as_root[@]+"${as_root[@]}"} apt-get update -q &&
        ${as_root[@]+"${as_root[@]}"} env DEBIAN_FRONTEND=noninteractive UCF_FORCE_CONFFOLD=1 apt-get install -q -y --no-install-recommends \
            -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confold "${missing_packages[@]}"; } >"$log" 2>&1 </dev/null
    then
        tail -n 40 "$log" >&2
        rm -f "$log"
        die "installation failed; please run as root: $manual"
    fi
    rm -f "$log"
}

# Installs the packages of one lock file, unless this very lock file has been installed by this very Node.
node_packages() {
    local dir=$1 stamp="$1/node_modules/.installed" wanted
    has npm || die "Node.js with npm (version 20 or later) is needed"
    wanted="$(node --version) $(sha256sum "$dir/package.json" "$dir/package-lock.json")"
    if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ]; then
        return 0
    fi
    say "installing the JavaScript packages of $dir"
    (cd "$dir" && PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm ci --no-audit --no-fund --loglevel=error </dev/null >&2)
    printf '%s' "$wanted" >"$stamp"
}

parts=("$@")
[ ${#parts[@]} -gt 0 ] || parts=(compiler chromium postgresql frontend e2e audit)

node_dirs=() audit= scanners=
for part in "${parts[@]}"; do
    case $part in
    compiler) want_compiler ;;
    chromium) want_chromium ;;
    postgresql) want_postgresql ;;
    frontend) node_dirs+=(frontend) ;;
    e2e) node_dirs+=(tests/e2e) ;;
    audit) want_audit && audit=yes ;;
    scanners) want_scanners && scanners=yes ;;
    *) die "no such part: $part (compiler chromium postgresql frontend e2e audit scanners)" ;;
    esac
done

has cargo || die "Rust is needed: https://rustup.rs"
install_packages
for dir in ${node_dirs[@]+"${node_dirs[@]}"}; do
    node_packages "$dir"
done
if [ -n "$audit" ]; then
    python_packages
fi
if [ -n "$scanners" ]; then
    fetch_nikto
fi

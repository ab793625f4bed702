#!/usr/bin/env bash
# nikto over the whole door: forgotten files, missing headers, methods that should not be there. Fails on a finding
# that is not named below, and if nikto did not look at all.
#
#   tests/audit/nikto.sh URL REPORT
set -euo pipefail
url=$1 report=$(realpath "$2")
found=$report/nikto.csv

# Its files lie where they were unpacked, and it tells nobody of what it finds.
sed -E "s#^(EXECDIR|PLUGINDIR|TEMPLATEDIR|DOCDIR|DBDIR|NIKTODTD)=/#\1=$report/nikto/#; s#^UPDATES=.*#UPDATES=no#" \
    "$report/nikto/etc/nikto/config.txt" >"$report/nikto.conf"
rm -f "$found"
timeout 600 perl "$report/nikto/usr/bin/nikto" -config "$report/nikto.conf" -host "$url" -nointeractive -ask no \
    -Format csv -output "$found" | tee "$report/nikto.log"
asked=$(sed -nE 's/^\+ ([0-9]+) items checked.*/\1/p' "$report/nikto.log")
if [ "${asked:-0}" -lt 5000 ]; then
    echo "nikto looked at ${asked:-nothing}" >&2
    exit 1
fi

# Expected, with the reason.
known=(
    '^"Nikto - |","","","",""$' # its own head lines
    "Uncommon header '"         # the ones that protect
    'Allowed HTTP Methods: GET, HEAD "$' # of the web app
    'inodes via ETags'          # ours are hashes of the contents
    '"GET","/reports/rwservlet' # the app answers any page's address with itself, so that a link into it opens
)
if grep -vE "$(IFS='|' && printf '%s' "${known[*]}")" "$found"; then
    echo 'nikto found what stands above' >&2
    exit 1
fi

#!/usr/bin/env bash
# Tries the README's two commands on fresh Debian machines: tests/fresh_machine.sh [RELEASE ...]
# (default: bookworm trixie). Needs root, mmdebstrap and systemd-nspawn. Each machine is a new root
# with only git and bash. Its download is kept in the cache folder, the root itself is not.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."

releases=("${@:-bookworm}")
[[ $# -gt 0 ]] || releases=(bookworm trixie)

# shellcheck source=tests/roots.sh
source tests/roots.sh
need_tools

# Ctrl-C: the demo exits with 0 within two seconds, and nothing that it started is left.
interrupt=$(cat <<'INSIDE'
set -uo pipefail
./setup.sh demo --output null </dev/null &
demo=$!
sleep 8
begun=${EPOCHREALTIME/./}
kill -INT $demo
wait $demo
status=$?
took_ms=$(((${EPOCHREALTIME/./} - begun) / 1000))
echo "interrupted: exit $status after $took_ms ms"
((status == 0 && took_ms < 2000)) && ! grep -qx mpd /proc/[0-9]*/comm
INSIDE
)

prove() { # prove RELEASE
    local root begun seconds
    root=$(mktemp -d)
    # shellcheck disable=SC2064 # the folder as it is now
    trap "rm -rf '$root'" EXIT
    fresh_root "$1" "$root"
    git clone --quiet . "$root/root/jukebox"
    begun=$SECONDS
    inside "$root" ./setup.sh demo --for 30 --output null
    seconds=$((SECONDS - begun - 30))
    echo "$1: demo: played 30 s; setting up took $seconds s"
    echo "$1: the jukebox's environment: $(du -sm "$root/root/jukebox/run/box" | cut -f1) MB"
    inside "$root" bash -c "$interrupt" | sed "s/^/$1: /"
    begun=$SECONDS
    inside "$root" ./setup.sh test
    echo "$1: test: passed in $((SECONDS - begun)) s, installation included"
    rm -rf "$root"
    trap - EXIT
}

for release in "${releases[@]}"; do
    prove "$release"
done

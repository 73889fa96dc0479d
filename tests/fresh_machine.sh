#!/usr/bin/env bash
# Proves the README's two commands on fresh Debian machines: tests/fresh_machine.sh [RELEASE ...]
# (default: bookworm trixie). Needs root, mmdebstrap and systemd-nspawn. Each machine is a new root
# with nothing but git and bash; its download is kept in the cache folder, the root itself is not.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."

cache=${XDG_CACHE_HOME:-$HOME/.cache}/emotional-jukebox/roots
releases=("${@:-bookworm}")
[[ $# -gt 0 ]] || releases=(bookworm trixie)

[[ $EUID -eq 0 ]] || { echo "fresh_machine.sh: needs root" >&2; exit 1; }
for tool in mmdebstrap systemd-nspawn; do
    command -v "$tool" >/dev/null || {
        echo "fresh_machine.sh: needs $tool: apt-get install mmdebstrap systemd-container" >&2
        exit 1
    }
done

# What a machine behind this one's network needs to reach the package registries.
network=(--resolv-conf=bind-host)
for name in http_proxy https_proxy no_proxy PIP_INDEX_URL PIP_CERT SSL_CERT_FILE; do
    [[ -z ${!name-} ]] || network+=(--setenv="$name=${!name}")
done
[[ ! -e ${PIP_CERT-} ]] || network+=(--bind-ro="$PIP_CERT")

fresh_root() { # fresh_root RELEASE FOLDER
    local tarball=$cache/$1.tar
    if [[ ! -e $tarball ]]; then
        mkdir -p "$cache"
        mmdebstrap --quiet --format=tar --variant=minbase --include=git,ca-certificates "$1" "$tarball.part"
        mv "$tarball.part" "$tarball"
    fi
    tar -C "$2" -xf "$tarball"
}

# Ctrl-C: everything that the demo started is gone within two seconds, exit 0.
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
    local inside=(systemd-nspawn --quiet --register=no --keep-unit --as-pid2 "${network[@]}"
        --directory "$root" --chdir=/root/jukebox)
    begun=$SECONDS
    "${inside[@]}" ./setup.sh demo --for 30 --output null </dev/null
    seconds=$((SECONDS - begun - 30))
    echo "$1: demo: played 30 s; set-up took $seconds s"
    echo "$1: the box's environment: $(du -sm "$root/root/jukebox/run/box" | cut -f1) MB"
    "${inside[@]}" bash -c "$interrupt" </dev/null | sed "s/^/$1: /"
    begun=$SECONDS
    "${inside[@]}" ./setup.sh test </dev/null
    echo "$1: test: passed in $((SECONDS - begun)) s, installing included"
    rm -rf "$root"
    trap - EXIT
}

for release in "${releases[@]}"; do
    prove "$release"
done

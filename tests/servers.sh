#!/usr/bin/env bash
# Music servers of the other Debian release, for the tests: tests/servers.sh prints a folder with the
# programs mpd and mopidy of Debian 13, or of Debian 12 where this machine runs 13. Tests that find them
# first on the PATH run against them. They are downloaded once (40 to 60 s, 600 MB) and kept in the cache
# folder; nothing is installed. Exit 75: they cannot be had here, and why.
set -euo pipefail

release=trixie
! grep -qx VERSION_CODENAME=trixie /etc/os-release || release=bookworm
cache=${XDG_CACHE_HOME:-$HOME/.cache}/emotional-jukebox
root=$cache/servers-$release

cannot() {
    echo "MPD and Mopidy of $release cannot be had: $1" >&2
    exit 75
}

download() {
    command -v mmdebstrap >/dev/null || cannot "needs mmdebstrap: apt-get install mmdebstrap"
    getent hosts deb.debian.org >/dev/null || cannot "no network"
    mkdir -p "$cache"
    find "$cache" -maxdepth 1 -name 'servers-*.????' -mmin +60 -exec rm -rf {} + # of killed runs
    part=$(mktemp -d "$root.XXXX")
    trap 'rm -rf "$part"' EXIT
    chmod 755 "$part"
    # Unpacked, not installed: that works for every user, and starts nothing.
    mmdebstrap --quiet --format=tar --variant=extract --include=mpd,mopidy,mopidy-mpd "$release" - |
        tar -C "$part" -x --no-same-owner --exclude='./dev/*' --exclude='./usr/share/*' ||
        cannot "mmdebstrap has failed"
    write_program >"$part/mpd"
    chmod +x "$part/mpd"
    ln -s mpd "$part/mopidy"
    mv -T "$part" "$root" 2>/dev/null || [[ -d $root ]] # another run was faster
}

# A program starts with its own release's loader and libraries in the file system of this machine, so
# that both sides see the same sockets and files.
write_program() {
    cat <<'PROGRAM'
#!/usr/bin/env bash
shopt -s nullglob
name=$(basename "$0")
root=$(dirname "$(readlink -f "$0")")
loader=("$root"/{usr/,}lib/*-linux-gnu/ld-linux-*.so.*)
libraries=("$root"/{usr/,}lib/*-linux-gnu{,/pulseaudio,/samba,/blas,/lapack})
path=$(IFS=: && echo "${libraries[*]}")
program=("$root/usr/bin/$name")
if [[ $name == mopidy ]]; then
    python=("$root"/usr/bin/python3.*)
    program=("${python[0]}" -m mopidy)
    export PYTHONHOME=$root/usr GI_TYPELIB_PATH=${libraries[0]}/girepository-1.0
    # The scanner is a program, too, which would start with the wrong loader.
    export GST_PLUGIN_SYSTEM_PATH_1_0=${libraries[0]}/gstreamer-1.0 GST_REGISTRY_FORK=no
    export GST_REGISTRY=$root/gstreamer-registry
fi
exec "${loader[0]}" --library-path "$path" --argv0 "$name" "${program[@]}" "$@"
PROGRAM
}

[[ -d $root ]] || download >&2
echo "$root"

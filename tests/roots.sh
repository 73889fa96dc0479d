#!/usr/bin/env bash
# Debian roots for the tests, made once and kept in the cache folder. fresh_machine.sh sources this file.
# test_boot.py runs it: tests/roots.sh RELEASE FOLDER unpacks a root into FOLDER that can be booted and
# has everything that ./setup.sh install downloads in its caches. Needs root.
set -euo pipefail

cache=${XDG_CACHE_HOME:-$HOME/.cache}/emotional-jukebox/roots

# What a container needs to reach the package registries through this machine's network.
network=(--resolv-conf=bind-host)
for name in http_proxy https_proxy no_proxy PIP_INDEX_URL PIP_CERT SSL_CERT_FILE; do
    [[ -z ${!name-} ]] || network+=(--setenv="$name=${!name}")
done
[[ ! -e ${PIP_CERT-} ]] || network+=(--bind-ro="$PIP_CERT")

need_tools() {
    local tool
    [[ $EUID -eq 0 ]] || { echo "$0: needs root" >&2; exit 1; }
    for tool in mmdebstrap systemd-nspawn; do
        command -v "$tool" >/dev/null || {
            echo "$0: needs $tool: apt-get install mmdebstrap systemd-container" >&2
            exit 1
        }
    done
}

unpack() { # unpack TARBALL FOLDER RELEASE PACKAGES: makes it with mmdebstrap if it does not exist yet
    if [[ ! -e $1 ]]; then
        mkdir -p "$cache"
        mmdebstrap --quiet --format=tar --variant=minbase --include="$4" "$3" "$1.part"
        mv "$1.part" "$1"
    fi
    tar -C "$2" -xf "$1"
}

fresh_root() { unpack "$cache/$1.tar" "$2" "$1" git,ca-certificates; } # fresh_root RELEASE FOLDER

bootable_root() { # bootable_root RELEASE FOLDER
    unpack "$cache/$1-boot.tar" "$2" "$1" git,ca-certificates,systemd-sysv,dbus
}

copy_repository() { # copy_repository FOLDER: the files that git knows or would add, as they are here
    mkdir -p "$1"
    git ls-files -z --cached --others --exclude-standard | xargs -0 cp --parents -t "$1"
}

inside() { # inside ROOT COMMAND...: not booted, with this machine's network
    systemd-nspawn --quiet --register=no --keep-unit --as-pid2 "${network[@]}" \
        --directory "$1" --chdir=/root/jukebox "${@:2}" </dev/null
}

# Keeps the downloads of an installation in such a root. Image builders rely on it that the installation
# succeeds there, without a running systemd.
download() { # download RELEASE TARBALL
    local root
    root=$(mktemp -d)
    bootable_root "$1" "$root"
    copy_repository "$root/root/jukebox"
    inside "$root" ./setup.sh install >&2
    tar -C "$root" -cf "$2.part" var/lib/apt/lists var/cache/apt/archives var/cache/jukebox/wheels
    mv "$2.part" "$2"
    rm -rf "$root"
}

ready_root() { # ready_root RELEASE FOLDER
    local locks tarball
    locks=$( (cat locks/box.txt locks/build.txt locks/detector.txt; grep "packages=(" install/machine.sh) |
        sha256sum | cut -c1-12)
    tarball=$cache/$1-downloads-$locks.tar
    if [[ ! -e $tarball ]]; then
        getent hosts deb.debian.org >/dev/null || {
            echo "no network to download the first $1 from" >&2
            exit 75
        }
        rm -f "$cache/$1"-downloads-*
        mkdir -p "$cache"
        download "$1" "$tarball"
    fi
    bootable_root "$1" "$2"
    tar -C "$2" -xf "$tarball"
    # A machine for tests need not survive a power cut, nor wait for a network that it does not have.
    echo force-unsafe-io >"$2/etc/dpkg/dpkg.cfg.d/test"
    echo 'Acquire::Retries "0";' >"$2/etc/apt/apt.conf.d/99test"
    copy_repository "$2/root/jukebox"
}

if [[ ${BASH_SOURCE[0]} == "$0" ]]; then
    cd "$(dirname "$(readlink -f "$0")")/.."
    need_tools
    ready_root "$@"
fi

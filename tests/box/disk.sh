#!/usr/bin/env bash
# Adds what the rig needs to the product's image, without mounting it: tests/box/disk.sh IMAGE OUT [reel]
# copies IMAGE to OUT, as onto a larger disk, and adds the test layer: a webcam (v4l2loopback), a shell
# and a sender of rows on virtio ports, longer timeouts for a slow processor, settings on the boot
# partition. Prints a folder with the same kernel and a small initrd, for a shorter start (machine.py).
# With reel, the demo reel is the camera, and nothing is made of the kernel: for a processor that is not this
# machine's.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")"
image=$1 out=$2 camera=${3-webcam}
lib=/usr/local/lib/box
units=/etc/systemd/system
cache=${XDG_CACHE_HOME:-$HOME/.cache}/emotional-jukebox/box-kernel

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

partition_start() { # partition_start NUMBER: in bytes
    sfdisk --json "$out" | python3 -c \
        "import json, sys; print(512 * json.load(sys.stdin)['partitiontable']['partitions'][$1 - 1]['start'])"
}

on_root() { debugfs -w -f - "$out?offset=$root_start" 2>&1; }

# What belongs to the image's kernel is made in a Debian of its own, and kept in the cache folder.
kernel_files() { # kernel_files VERSION
    local folder=$cache/$1
    [[ ! -e $folder/made ]] || return 0
    mkdir -p "$folder"
    unshare --mount mmdebstrap --quiet --variant=apt \
        --include="linux-image-$1,linux-headers-$1,v4l2loopback-dkms,gcc,make,initramfs-tools,e2fsprogs" \
        --customize-hook="$PWD/kernel_files.sh \"\$1\" $1 $folder" trixie "$work/build" >&2
    rm -rf "$work/build"
    touch "$folder/made"
}

commands() { # for debugfs: the layer's files, all root's
    local file unit
    printf 'mkdir %s\n' "$lib" "$units/jukebox.service.d" /etc/systemd/system.conf.d
    for file in guest/*.py "$work"/*.toml guest/mpd-says.sh ../card/guest/radio.sh "$work/code.png" "${webcam[@]}"; do
        echo "write $file $lib/$(basename "$file")"
    done
    for file in guest/box-{rows,shell}.service ${webcam:+guest/box-camera.service}; do
        unit=$(basename "$file")
        echo "write $file $units/$unit"
        echo "symlink $units/multi-user.target.wants/$unit $units/$unit"
    done
    echo "write ../card/guest/10-rig.network /etc/systemd/network/10-rig.network"
    echo "write guest/system.conf /etc/systemd/system.conf.d/box.conf"
    echo "write guest/slow.conf $units/jukebox.service.d/slow.conf"
    for unit in jukebox-{web,home,resolver}; do
        printf 'mkdir %s\nwrite ../card/guest/slow.conf %s/slow.conf\n' "$units/$unit.service.d"{,}
    done
}

cp --sparse=always "$image" "$out"
truncate --size=+1500M "$out" # a disk is larger than the image: the jukebox should use all of it
root_start=$(partition_start 2)
kernel=$(debugfs -R "ls -p /lib/modules" "$out?offset=$root_start" 2>/dev/null |
    awk -F/ '$6 ~ /^[0-9]/ { print $6 }')
cp guest/jukebox{,-restless}.toml "$work/"
webcam=()
if [[ $camera == reel ]]; then
    sed -i '/^\[camera\]/a source = "reel"' "$work"/*.toml
else
    kernel_files "$kernel"
    (cd .. && "${PYTHON:-../run/test/bin/python}" -m box.scenes "$work")
    webcam=("$cache/$kernel/v4l2loopback.ko" "$work"/scenes.{gray,json})
fi
# The network and its password are those of radio.sh.
"${PYTHON:-../../run/test/bin/python}" ../card/draw_code.py "$work/code.png" 'Home "net"' 'a;b\c,d:"e" #sEcReT1'
commands >"$work/commands"
on_root <"$work/commands" >"$work/said"
if grep -E "not found|already exists|No space|error" "$work/said" | grep -v "mkdir: .*already exists"; then
    echo "$0: the layer could not be written" >&2
    exit 1
fi
mcopy -i "$out@@$(partition_start 1)" "$work/jukebox.toml" ::jukebox.toml
echo "$cache/$kernel"

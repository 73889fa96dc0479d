#!/usr/bin/env bash
# The whole jukebox, from power-on to the loudspeaker, in QEMU without KVM: tests/boot_box.sh
# [--image FILE] [--only firmware|life|radio|writes|moments|cuts] [--cuts NUMBER] [--moments NUMBER] [--seed NUMBER].
# Makes the x86 image of the last commit (or takes FILE), adds webcam, shell and sender of rows to a
# copy of it (tests/box/disk.sh), lets it live (tests/box/life.py), counts what it writes
# (tests/box/writes.py), examines its disk (tests/box/moments.py) and pulls its plug (tests/box/cuts.py). It takes an hour on two cores, so it is
# not for every commit. Prints what it finds; sounds, logs and report.json are kept in run/box-in-qemu
# (or BOX_FOLDER, which is emptied first). Exits with 0 if every claim is true. Needs root, for the
# image, and the tools that it names if they are missing.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."

folder=${BOX_FOLDER:-$PWD/run/box-in-qemu} image="" options=()
while [[ $# -gt 0 ]]; do
    case $1 in
        --image) image=$(readlink -f "$2") ;;
        --only | --cuts | --moments | --seed) options+=("$1" "$2") ;;
        *) echo "usage: $0 [--image FILE] [--only firmware|life|radio|writes|moments|cuts] [--cuts NUMBER]" \
            "[--moments NUMBER] [--seed NUMBER]" >&2; exit 2 ;;
    esac
    shift 2
done

need() { # need COMMAND PACKAGE
    command -v "$1" >/dev/null || { echo "$0: needs $1: apt-get install $2" >&2; exit 1; }
}
need qemu-system-x86_64 "qemu-system-x86 ovmf"
need nbdkit nbdkit
need mmdebstrap mmdebstrap
need debugfs e2fsprogs
need mcopy mtools
need sfdisk fdisk
need ffmpeg ffmpeg

rm -rf "$folder"
mkdir -p "$folder"
if [[ -z $image ]]; then
    git clone --quiet . "$folder/source"
    image=$folder/jukebox-x86.img
    "$folder/source/setup.sh" image x86 "$image"
fi
kernel=$(tests/box/disk.sh "$image" "$folder/disk.img")
cd tests
run() { ../run/test/bin/python -m box.run --disk "$folder/disk.img" --folder "$folder" "$@"; }
run "${options[@]}" --kernel "$kernel"

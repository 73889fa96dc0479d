#!/usr/bin/env bash
# The Raspberry Pi's card in QEMU without KVM: tests/boot_card.sh [--image FILE]
# [--only grow|boot|radio|start|cuts|same].
# Makes the image of this folder's commit (or takes FILE), and
#   grow: writes it to cards of 4, 8 and 32 GB and lets its own settings make the root larger, as at a start;
#   boot: starts it on a Raspberry Pi 3 until the jukebox is ready. It is as made, but for the owner's
#         jukebox.toml, which chooses the demo reel as camera, and longer time limits for a slow processor;
#   radio: adds an access point (tests/card/guest) and joins it by wifi.txt and by a phone's code, with WPA2
#         and WPA3, with right and wrong passwords, on a machine with emulated radios;
#   start, cuts: starts it to music that follows the demo reel, and pulls its plug (CUTS times: ten), on a machine
#         with a sound card (tests/boot_box.sh says how), with its own kernel and initrd;
#   same: makes the image a second time and compares.
# It takes two hours on two cores, so it is not for every commit. Prints what it finds; logs are kept in
# run/card-in-qemu (or CARD_FOLDER, which is emptied first). Exits with 0 if every claim is true. Needs root,
# mmdebstrap and mtools; for start and cuts, qemu-system-arm, nbdkit and ffmpeg, too. QEMU 10, which Debian 12
# does not have, runs in a Debian 13 that is made once.
# The firmware's stage, radio and ribbon camera are not in QEMU: nothing is said about them.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."

folder=${CARD_FOLDER:-$PWD/run/card-in-qemu} image="" only="" failed=0
patience_s=${CARD_PATIENCE_S:-900}
# shellcheck source=tests/card/qemu.sh
source tests/card/qemu.sh
usage() { echo "usage: $0 [--image FILE] [--only grow|boot|radio|start|cuts|same]" >&2; }
while [[ $# -gt 0 ]]; do
    case $1 in
        --image) image=$(readlink -f "$2") ;;
        --only) only=$2 ;;
        *) usage; exit 2 ;;
    esac
    shift 2
done

claim() { # claim TEXT COMMAND...
    if "${@:2}"; then
        printf '%5d s  holds   %s\n' "$SECONDS" "$1"
    else
        printf '%5d s  FAILED  %s\n' "$SECONDS" "$1"
        failed=1
    fi
}
# shellcheck disable=SC2329 # by claim
not() { ! "$@"; }
figure() { printf '%5d s  figure  %s\n' "$SECONDS" "$*"; }
wanted() { [[ -z $only || $only == "$1" ]]; }

write_card() { # write_card NAME GIGABYTES: as makers count them
    cp --sparse=always "$image" "$folder/$1"
    truncate --size="$(($2 * 1000 * 1000 * 1000 / 4194304 * 4194304))" "$folder/$1"
}

grow() { # as systemd-repart and systemd-growfs do at the first start
    local gigabytes card mb disk_mb loop
    mkdir -p "$folder/repart.d"
    cp install/image/root/etc/repart.d/*.conf "$folder/repart.d/"
    sed -i 's/^Type=root$/Type=root-arm64/' "$folder"/repart.d/*.conf
    for gigabytes in 4 8 32; do
        card=card-$gigabytes.img
        write_card "$card" "$gigabytes"
        in_tools systemd-repart --dry-run=no --no-pager --definitions=/mnt/repart.d "/mnt/$card" \
            >"$folder/repart-$gigabytes.log" 2>&1 || true
        mb=$(size_of "$card" 2)
        disk_mb=$(($(stat -c %s "$folder/$card") / 1048576))
        loop=$(losetup --find --show --offset "$(start_of "$card" 2)" --sizelimit "$((mb * 1048576))" "$folder/$card")
        e2fsck -fp "$loop" >"$folder/grow-$gigabytes.log" 2>&1 || true
        resize2fs "$loop" >>"$folder/grow-$gigabytes.log" 2>&1
        # shellcheck disable=SC2329 # by claim
        is_sound() { e2fsck -fn "$loop" >>"$folder/grow-$gigabytes.log" 2>&1; }
        claim "$gigabytes GB: the file system is sound and fills its partition of $mb MB" is_sound
        losetup --detach "$loop"
        figure "$gigabytes GB: root $mb MB, $((disk_mb - mb - 385)) MB left for a second one"
        claim "$gigabytes GB: the root has grown" test "$mb" -gt "$root_mb"
        claim "$gigabytes GB: the boot partition is as it was" test "$(size_of "$card" 1)" -eq 384
        claim "$gigabytes GB: the table that the firmware reads is as it was" \
            cmp --quiet --bytes=512 "$image" "$folder/$card"
        rm "$folder/$card"
    done
}

boot() {
    local card=card.img begun=$SECONDS
    cp --sparse=always "$image" "$folder/$card"
    truncate --size=8G "$folder/$card" # QEMU's cards have a power of two
    take_kernel "$card"
    printf '[camera]\nsource = "reel"\n' >"$folder/jukebox.toml"
    mcopy -o -i "$fat" "$folder/jukebox.toml" ::jukebox.toml
    write_files "$card" </dev/null
    start console.txt -M raspi3b -dtb /mnt/boot/bcm2837-rpi-3-b.dtb -append "$line console=ttyS1,115200" \
        -drive "if=sd,format=raw,file=/mnt/$card" -serial null -serial file:/mnt/console.txt
    wait_until_it_says "Started jukebox.service"
    claim "Raspberry Pi 3: from the card to a ready jukebox in $((SECONDS - begun)) s" says "Started jukebox.service"
    wait_until_it_says "looks [a-z]+"
    claim "it reads a mood from the reel" says "looks [a-z]+"
    kill "$qemu" 2>/dev/null || true
    wait "$qemu" 2>/dev/null || true
    claim "it has a name of its own" says "jukebox-[0-9a-f]{4}"
    claim "no unit failed" not says "Failed to start|Dependency failed"
    root_after=$(size_of "$card" 2)
    claim "the root has grown from $root_mb to $root_after MB" test "$root_after" -gt "$root_mb"
}

add_radio() { # add_radio CARD: the rig's files, written without mounting
    local file units=/etc/systemd/system
    "${PYTHON:-run/test/bin/python}" tests/card/draw_code.py "$folder/code.png" 'Home "net"' 'a;b\c,d:"e" #sEcReT1'
    {
        echo "mkdir /usr/local/lib/rig"
        for file in tests/card/guest/radio.sh "$folder/code.png"; do
            echo "write $file /usr/local/lib/rig/${file##*/}"
        done
        echo "write tests/card/guest/10-rig.network /etc/systemd/network/10-rig.network"
        echo "write tests/card/guest/rig-radio.service $units/rig-radio.service"
        echo "symlink $units/multi-user.target.wants/rig-radio.service $units/rig-radio.service"
    } | write_files "$1"
}

radio() {
    local card=radio.img case
    cp --sparse=always "$image" "$folder/$card"
    truncate --size=8G "$folder/$card"
    take_kernel "$card"
    add_radio "$card"
    printf '[camera]\nsource = "reel"\n' >"$folder/jukebox.toml"
    mcopy -o -i "$fat" "$folder/jukebox.toml" ::jukebox.toml
    start radio.txt -M virt -cpu cortex-a53 -smp 2 -m 1G -append "$line console=ttyAMA0" -nic none \
        -drive "if=virtio,format=raw,file=/mnt/$card" -device virtio-rng-pci -serial file:/mnt/radio.txt
    wait_until_it_says "RIG end"
    kill "$qemu" 2>/dev/null || true
    wait "$qemu" 2>/dev/null || true
    for case in "WPA2 by file" "WPA3 by file" "WPA3 by code"; do
        claim "$case: connected" says "RIG $case: connected"
    done
    for case in WPA2 WPA3; do
        claim "a wrong password, $case, is told" says "RIG wrong password, $case: wrong password"
    done
    claim "every wifi.txt is deleted" not says "is still there"
    claim "it has an address from there" says "RIG address: 10.98.76."
    claim "no log has a password" says "RIG in the log: 0 lines"
    claim "no file that others may read has a password" says "RIG world-readable:  end"
    claim "its settings are root's alone" says "RIG mode: 600:root"
    grep -o "RIG .*" "$console" || true
}

live() { # live PART OPTION...: a part of tests/box/run.py
    local disk=$folder/disk.img
    if [[ ! -e $disk ]]; then
        tests/box/disk.sh "$image" "$disk" reel >/dev/null
        take_kernel disk.img
        mv "$folder/boot" "$folder/kernel"
    fi
    (cd tests && "${PYTHON:-../run/test/bin/python}" -m box.run --board arm --disk "$disk" --folder "$folder" \
        --kernel "$folder/kernel" --only "$@") || failed=1
}

same() {
    local first second
    ./setup.sh image pi "$folder/second.img"
    first=$(sha256sum <"$image") second=$(sha256sum <"$folder/second.img")
    figure "sha256 $first $second"
    claim "two builds of one commit are the same, byte by byte" test "$first" = "$second"
}

rm -rf "$folder"
mkdir -p "$folder"
if [[ -z $image ]]; then
    image=$folder/jukebox-pi.img
    ./setup.sh image pi "$image"
fi
make_tools
cp --sparse=always "$image" "$folder/image.img"
root_mb=$(size_of image.img 2)
rm "$folder/image.img"
figure "image: $(du -m --apparent-size "$image" | cut -f1) MB, root $root_mb MB"
! wanted grow || grow
! wanted boot || boot
! wanted radio || radio
! wanted start || live start
! wanted cuts || live cuts --cuts "${CUTS:-10}"
! wanted same || same
exit "$failed"

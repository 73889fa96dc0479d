#!/usr/bin/env bash
# The Raspberry Pi's card in QEMU without KVM: tests/boot_card.sh [--image FILE] [--only grow|boot|same].
# Makes the image of this folder's commit (or takes FILE), and
#   grow: writes it to cards of 4, 8 and 32 GB and lets its own settings make the root larger, as at a start;
#   boot: starts it unchanged, but for the owner's jukebox.toml, on a Raspberry Pi 3 until the jukebox is
#         ready, with the demo reel as camera;
#   same: makes the image a second time and compares.
# It takes an hour on two cores, so it is not for every commit. Prints what it finds; logs are kept in
# run/card-in-qemu (or CARD_FOLDER, which is emptied first). Exits with 0 if every claim is true. Needs root,
# mmdebstrap and mtools; QEMU 10, which Debian 12 does not have, runs in a Debian 13 that is made once.
# The firmware's stage, radio and ribbon camera are not in QEMU: nothing is said about them.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."

folder=${CARD_FOLDER:-$PWD/run/card-in-qemu} image="" only="" failed=0
patience_s=${CARD_PATIENCE_S:-900}
tools=${XDG_CACHE_HOME:-$HOME/.cache}/emotional-jukebox/qemu-trixie
usage() { echo "usage: $0 [--image FILE] [--only grow|boot|same]" >&2; }
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

make_tools() {
    [[ ! -e $tools/made ]] || return 0
    rm -rf "$tools"
    unshare --mount mmdebstrap --quiet --variant=minbase \
        --include=qemu-system-arm,systemd-repart,e2fsprogs,fdisk,mtools trixie "$tools"
    touch "$tools/made"
}

# The folder of this run is /mnt there.
in_tools() {
    # shellcheck disable=SC2016 # expanded inside
    unshare --mount --pid --fork --kill-child bash -c 'mount --bind "$1" "$2/mnt" &&
        mount --rbind /dev "$2/dev" && mount -t proc proc "$2/proc" &&
        mount -t sysfs sysfs "$2/sys" && exec chroot "$2" "${@:3}"' - "$folder" "$tools" "$@"
}

start_of() { # start_of CARD NUMBER: where a partition begins, in bytes
    in_tools sfdisk --json "/mnt/$1" | python3 -c \
        "import json, sys; print(512 * json.load(sys.stdin)['partitiontable']['partitions'][$2 - 1]['start'])"
}

size_of() { # size_of CARD NUMBER: of a partition, in MB
    in_tools sfdisk --json "/mnt/$1" | python3 -c \
        "import json, sys; print(json.load(sys.stdin)['partitiontable']['partitions'][$2 - 1]['size'] // 2048)"
}

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
        claim "$gigabytes GB: the file system is sound and fills its partition of $mb MB" e2fsck -fn "$loop" \
            >>"$folder/grow-$gigabytes.log" 2>&1
        losetup --detach "$loop"
        figure "$gigabytes GB: root $mb MB, $((disk_mb - mb - 385)) MB left for a second one"
        claim "$gigabytes GB: the root has grown" test "$mb" -gt "$root_mb"
        claim "$gigabytes GB: the boot partition is as it was" test "$(size_of "$card" 1)" -eq 384
        rm "$folder/$card"
    done
}

boot() {
    local card=card.img line fat
    cp --sparse=always "$image" "$folder/$card"
    truncate --size=8G "$folder/$card" # QEMU's cards have a power of two
    fat="$folder/$card@@$(start_of "$card" 1)"
    printf '[camera]\nsource = "reel"\n' >"$folder/jukebox.toml"
    mcopy -o -i "$fat" "$folder/jukebox.toml" ::jukebox.toml
    mkdir -p "$folder/boot"
    mcopy -n -i "$fat" "::vmlinuz-*" "::initrd.img-*" ::bcm2837-rpi-3-b.dtb ::cmdline.txt "$folder/boot/"
    line="$(tr -d '\n' <"$folder/boot/cmdline.txt") console=ttyS1,115200 loglevel=4"
    line+=" systemd.journald.forward_to_console=1 systemd.journald.max_level_console=info"
    (cd "$folder/boot" && mv vmlinuz-* vmlinuz && mv initrd.img-* initrd.img)
    in_tools timeout "$patience_s" qemu-system-aarch64 -M raspi3b -accel tcg,thread=multi -display none -monitor none \
        -kernel /mnt/boot/vmlinuz -initrd /mnt/boot/initrd.img -dtb /mnt/boot/bcm2837-rpi-3-b.dtb -append "$line" \
        -drive "if=sd,format=raw,file=/mnt/$card" -serial null -serial file:/mnt/console.txt -nic none -no-reboot \
        >"$folder/qemu.log" 2>&1 &
    local qemu=$! begun=$SECONDS
    is_ready() { grep -qE "Started jukebox.service" "$folder/console.txt" 2>/dev/null; }
    has_ended() { ! kill -0 "$qemu" 2>/dev/null; }
    until is_ready || has_ended; do sleep 1; done
    claim "Raspberry Pi 3: from the card to a ready jukebox, $((SECONDS - begun)) s" is_ready
    until grep -q "the room looks\|looks happy" "$folder/console.txt" || has_ended ||
        ((SECONDS - begun > patience_s)); do sleep 1; done
    kill "$qemu" 2>/dev/null || true
    wait "$qemu" 2>/dev/null || true
    claim "it has a name of its own" grep -qE "jukebox-[0-9a-f]{4}" "$folder/console.txt"
    # shellcheck disable=SC2329 # by claim
    has_failures() { grep -E "Failed to start|Dependency failed" "$folder/console.txt"; }
    claim "no unit failed" not has_failures
    root_after=$(size_of "$card" 2)
    claim "the root has grown from $root_mb to $root_after MB" test "$root_after" -gt "$root_mb"
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
! wanted same || same
exit "$failed"

# shellcheck shell=bash
# Sourced by tests/boot_card.sh: QEMU 10 and other tools in a Debian 13 of their own, and a machine in it.
# shellcheck disable=SC2154 # folder and patience_s are set there
tools=${XDG_CACHE_HOME:-$HOME/.cache}/emotional-jukebox/qemu-trixie
fat="" line="" qemu="" console=""

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

take_kernel() { # take_kernel CARD: kernel, initrd and device tree from its boot partition into $folder/boot
    rm -rf "${folder:?}/boot"
    mkdir -p "$folder/boot"
    fat="$folder/$1@@$(start_of "$1" 1)"
    mcopy -n -i "$fat" "::vmlinuz-*" "::initrd.img-*" ::bcm2837-rpi-3-b.dtb ::cmdline.txt "$folder/boot/"
    (cd "$folder/boot" && mv vmlinuz-* vmlinuz && mv initrd.img-* initrd.img)
    line="$(tr -d '\n' <"$folder/boot/cmdline.txt") loglevel=4"
    line+=" systemd.journald.forward_to_console=1 systemd.journald.max_level_console=info"
    # An emulated processor is slow, and may have to wait for others.
    line+=" systemd.default_timeout_start_sec=900 systemd.default_device_timeout_sec=900 udev.event_timeout=1800"
}

# Writes files into the root without mounting it, as debugfs is told; and longer time limits for what is slow.
write_files() { # write_files CARD <COMMANDS
    local unit units=/etc/systemd/system
    {
        echo "mkdir $units/jukebox.service.d"
        echo "write tests/box/guest/slow.conf $units/jukebox.service.d/slow.conf"
        for unit in jukebox-web jukebox-home jukebox-resolver; do
            echo "mkdir $units/$unit.service.d"
            echo "write tests/card/guest/slow.conf $units/$unit.service.d/slow.conf"
        done
        cat
    } | debugfs -w -f - "$folder/$1?offset=$(start_of "$1" 2)" >"$folder/layer.log" 2>&1
}

start() { # start CONSOLE QEMU-OPTION...: its process is $qemu
    in_tools timeout "$patience_s" qemu-system-aarch64 -accel tcg,thread=multi -display none -monitor none \
        -kernel /mnt/boot/vmlinuz -initrd /mnt/boot/initrd.img -no-reboot "${@:2}" >"$folder/qemu.log" 2>&1 &
    qemu=$! console=$folder/$1
}

says() { grep -qE "$1" "$console" 2>/dev/null; } # says PATTERN
has_ended() { ! kill -0 "$qemu" 2>/dev/null; }
wait_until_it_says() { until says "$1" || has_ended; do sleep 1; done; }

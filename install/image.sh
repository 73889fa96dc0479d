# shellcheck shell=bash
# Sourced by setup.sh: a disk image with the installed jukebox, to be written to an SD card, USB stick or
# disk. mmdebstrap makes the Debian system, ./setup.sh install runs in it, and tools of Debian 13 make the
# disk. Nothing of this machine is mounted or changed. docs/image.md describes the image.

image_release=trixie
# The jukebox's own packages are among them, so that all are installed in one go.
image_packages=(
    initramfs-tools zstd systemd-sysv systemd-resolved systemd-repart systemd-timesyncd udev dbus
    e2fsprogs dosfstools iproute2 ca-certificates less nano openssh-server wpasupplicant wireless-regdb
    python3 python3-venv mpd avahi-daemon libnss-mdns alsa-utils
)
declare -A machine_packages=(
    [x86]="linux-image-amd64,systemd-boot,systemd-boot-efi"
    [pi]="linux-image-arm64,raspi-firmware,firmware-brcm80211"
)
declare -A machine_architecture=([x86]=amd64 [pi]=arm64)
# Not Debian 12's: its mke2fs makes another file system of the same files each time.
image_tools=${XDG_CACHE_HOME:-~/.cache}/emotional-jukebox/image-tools-$image_release

make_image() { # make_image x86|pi [FILE]
    [[ -n ${1-} && -n ${machine_packages[$1]-} ]] || fail "image: name the machine: x86 or pi"
    local machine=$1 file=${2:-run/image/jukebox-$1.img} work
    become_root image "$@"
    need_packages mmdebstrap zstd
    [[ $machine != pi ]] || can_run_arm64
    umask 022
    mkdir -p "$(dirname "$file")" run
    # The same commit and the same packages give the same image, whenever it is made.
    export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)} IMAGE_MACHINE=$machine
    work=$(mktemp -d "$PWD/run/image-work.XXXXXX")
    # shellcheck disable=SC2064 # the folder as it is now
    trap "rm -rf '$work'" EXIT
    make_image_tools
    say "making a Debian system with the jukebox in it (some minutes; for a Raspberry Pi a quarter of an hour) ..."
    make_image_root "$machine" "$work/root"
    say "making the disk ..."
    python3 install/image/parts.py "$work/root" >"$work/parts.json"
    make_image_disk "$machine" "$work"
    mv "$work/jukebox.img" "$file"
    mv "$work/parts.json" "${file%.img}.cdx.json"
    zstd --quiet --force -T0 -12 "$file" -o "$file.zst"
    say "$file: $(du -m --apparent-size "$file" | cut -f1) MB, $(du -m "$file.zst" | cut -f1) MB as $file.zst;" \
        "docs/image.md says how to write it to a card or disk"
}

# Programs of a Raspberry Pi run here through QEMU, which the kernel must know.
can_run_arm64() {
    need_packages qemu-user-static binfmt-support arch-test
    [[ -e /proc/sys/fs/binfmt_misc/register ]] || mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc
    [[ -e /proc/sys/fs/binfmt_misc/qemu-aarch64 ]] || update-binfmts --enable qemu-aarch64
    export QEMU_CPU=cortex-a72 # pointer authentication, which QEMU's usual one has, takes it much time
}

make_image_tools() {
    [[ ! -e $image_tools/made ]] || return 0
    say "making a Debian 13 with the tools for disks (once) ..."
    rm -rf "$image_tools"
    unshare --mount mmdebstrap --quiet --variant=minbase \
        --include=genimage,mtools,dosfstools,e2fsprogs,libarchive13t64 "$image_release" "$image_tools"
    touch "$image_tools/etc/mtab" "$image_tools/made" # mke2fs wants to see what is mounted
}

# unshare: nobody else sees what is mounted in the new system, such as /proc.
make_image_root() { # make_image_root MACHINE FOLDER
    local packages=${machine_packages[$1]}
    packages+=,$(IFS=, && echo "${image_packages[*]}")
    # INITRD: customize.sh makes it, once.
    INITRD=No unshare --mount mmdebstrap --quiet --variant=minbase --architectures="${machine_architecture[$1]}" \
        --components=main,non-free-firmware --include="$packages" \
        --customize-hook=install/image/customize.sh "$image_release" "$2" ${IMAGE_MIRROR:+"$IMAGE_MIRROR"}
    cp -r install/image/root/. "$2/" # again: mmdebstrap has removed the host name
    ln -sf ../run/systemd/resolve/stub-resolv.conf "$2/etc/resolv.conf"
    # Empty, not missing: each machine gets a number of its own, and systemd does not take its start for
    # a first boot, at which it would enable every unit.
    : >"$2/etc/machine-id"
}

make_image_disk() { # make_image_disk MACHINE WORK_FOLDER
    local boot=firmware
    [[ $1 == pi ]] || boot=efi
    mv "$2/root/boot/$boot" "$2/boot"
    mkdir "$2/root/boot/$boot"
    find "$2/boot" "$2/root" -newermt "@$SOURCE_DATE_EPOCH" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
    tar --sort=name --format=pax --pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime \
        --numeric-owner --xattrs --xattrs-include='*' -C "$2/root" -cf "$2/root.tar" .
    cp "install/image/$1.cfg" "$2/genimage.cfg"
    # shellcheck disable=SC2016 # expanded inside
    unshare --mount bash -c 'mount --bind "$1" "$2/mnt" && exec chroot "$2" env -i PATH=/usr/sbin:/usr/bin \
        LC_ALL=C.UTF-8 TZ=UTC SOURCE_DATE_EPOCH="$SOURCE_DATE_EPOCH" bash -s' - "$2" "$image_tools" \
        <install/image/disk.sh
}

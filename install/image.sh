# shellcheck shell=bash
# Sourced by setup.sh: a disk image with the installed jukebox, to be written to a USB stick, SD card or
# disk. mmdebstrap makes the Debian system, ./setup.sh install runs in it, genimage makes the disk.
# Nothing of this machine is mounted or changed. docs/image.md describes the image.

image_release=bookworm
# The jukebox's own packages are among them, so that all are installed in one go.
image_packages=(
    linux-image-amd64 initramfs-tools zstd systemd-boot systemd-sysv systemd-timesyncd udev dbus
    e2fsprogs dosfstools iproute2 ca-certificates less nano
    python3 python3-venv mpd avahi-daemon alsa-utils
)

make_image() { # make_image x86 [FILE]
    case "${1-}" in
        x86) ;;
        pi) fail "image pi: not there yet; write Raspberry Pi OS Lite (64-bit) to the SD card and run ./setup.sh install on it" ;;
        *) fail "image: name the machine: x86" ;;
    esac
    local file=${2:-run/image/jukebox-x86.img} work
    become_root image "$@"
    need_packages mmdebstrap genimage mtools dosfstools
    umask 022
    mkdir -p "$(dirname "$file")" run
    work=$(mktemp -d "$PWD/run/image-work.XXXXXX")
    # shellcheck disable=SC2064 # the folder as it is now
    trap "rm -rf '$work'" EXIT
    say "making a Debian system with the jukebox in it (some minutes) ..."
    make_image_root "$work/root"
    say "making the disk ..."
    genimage --loglevel 0 --config install/image/x86.cfg --rootpath "$work/root" \
        --tmppath "$work/tmp" --inputpath "$work" --outputpath "$work/out"
    mv "$work/out/jukebox-x86.img" "$file"
    say "$file: $(du -m --apparent-size "$file" | cut -f1) MB; docs/image.md says how to write it to a disk"
}

make_image_root() { # make_image_root FOLDER
    # unshare: nobody else sees what mmdebstrap mounts in the new system, such as /proc.
    unshare --mount mmdebstrap --quiet --variant=minbase --include="$(IFS=, && echo "${image_packages[*]}")" \
        --customize-hook=install/image/customize.sh "$image_release" "$1"
    cp -r install/image/root/. "$1/" # again: mmdebstrap has removed the host name
    # Empty, not missing: each machine gets a number of its own, and systemd does not take its start for
    # a first boot, at which it would enable every unit.
    : >"$1/etc/machine-id"
}

#!/usr/bin/env bash
# Called by mmdebstrap for install/image.sh, from the repository's folder, with the new system's root.
# IMAGE_MACHINE: x86 or pi.
set -euo pipefail
root=$1

# Without this machine's environment, which names files that are not there, such as certificates.
in_root() {
    chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 PYTHONHASHSEED=0 \
        "SOURCE_DATE_EPOCH=$SOURCE_DATE_EPOCH" ${QEMU_CPU:+"QEMU_CPU=$QEMU_CPU"} "$@"
}

install_jukebox() { # by its own installer. certificates: this machine's, which the network may need
    local network=() name
    mkdir -p "$root/root/jukebox"
    git ls-files -z | tar --null --files-from=- -c | tar -x -C "$root/root/jukebox"
    for name in http_proxy https_proxy no_proxy PIP_INDEX_URL; do
        [[ -z ${!name-} ]] || network+=("$name=${!name}")
    done
    if [[ -e ${PIP_CERT-} ]]; then
        cp -L "$PIP_CERT" "$root/root/certificates.crt"
        network+=(PIP_CERT=/root/certificates.crt)
    fi
    rm -f "$root/etc/resolv.conf" # systemd-resolved's leads nowhere yet
    cp -L /etc/resolv.conf "$root/etc/resolv.conf"
    in_root "${network[@]}" /root/jukebox/setup.sh install >&2
    # The downloads are not needed any more.
    rm -rf "$root/root/jukebox" "$root/root/certificates.crt" "$root/root/.cache" "$root/var/cache/jukebox"
}

# Nobody can log in from outside; whoever stands in front of the machine owns it.
set_up_system() {
    in_root passwd --delete --quiet root
    in_root systemctl --quiet enable systemd-networkd.service systemd-resolved.service systemd-timesyncd.service
    in_root systemctl --quiet enable card-first-start.service card-ssh.service card-screen.path card-screen.service
    # Each machine makes its own keys, if its owner wants SSH at all.
    rm -f "$root"/etc/ssh/ssh_host_*
    in_root systemctl --quiet disable ssh.service
    # Nothing waits for a network; card-wifi.service starts it where there is a wireless card.
    in_root systemctl --quiet mask systemd-networkd-wait-online.service
    in_root systemctl --quiet disable wpa_supplicant.service
    # The first screen shows where the page is; log in at the second one (Alt-F2).
    in_root systemctl --quiet mask getty@tty1.service
    # Whatever was found out about the building machine, or says when this was built.
    rm -f "$root"/var/lib/systemd/random-seed "$root"/var/cache/ldconfig/aux-cache "$root"/etc/*-
}

# The boot loader, placed as bootctl does, which insists on a mounted partition; and the first entry.
# zz-systemd-boot of Debian adds those of later kernels.
boot_x86() {
    local efi=$root/boot/efi loader=$root/usr/lib/systemd/boot/efi/systemd-bootx64.efi
    ln -s efi/jukebox.toml "$root/boot/jukebox.toml" # where the jukebox looks for its settings
    install -D -m 644 "$loader" "$efi/EFI/BOOT/BOOTX64.EFI"
    install -D -m 644 "$loader" "$efi/EFI/systemd/systemd-bootx64.efi"
    mkdir -p "$efi/loader/entries" "$efi/jukebox"
    echo type1 >"$efi/loader/entries.srel"
    echo "timeout 0" >"$efi/loader/loader.conf"
    in_root kernel-install add "$1" "/boot/vmlinuz-$1"
    # Paths must be those within the partition, which kernel-install saw as a folder of the root.
    sed -i 's|/boot/efi/|/|' "$efi"/loader/entries/*.conf
}

# Debian's raspi-firmware has put kernel, initrd and command line onto the boot partition, each time when
# the initrd was made.
boot_pi() {
    rm -f "$root"/boot/firmware/*.bak
}

cp -r install/image/root/. "install/image/$IMAGE_MACHINE/." "$root/"
boot=$root/boot/$([[ $IMAGE_MACHINE == pi ]] && echo firmware || echo efi)
mkdir -p "$boot"
cat install/image/wifi.txt >"$boot/wifi.txt"
version=$(basename "$root"/lib/modules/*)
# The first one (INITRD=No in image.sh), with what etc/initramfs-tools says; it takes minutes.
in_root update-initramfs -c -k "$version" &
initrd=$!
install_jukebox
wait "$initrd"
set_up_system
"boot_$IMAGE_MACHINE" "$version"

#!/usr/bin/env bash
# Called by mmdebstrap for install/image.sh, from the repository's folder, with the new system's root.
set -euo pipefail
root=$1

# Without this machine's environment, which names files that are not there, such as certificates.
in_root() { chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 "$@"; }

cp -r install/image/root/. "$root/"
ln -s efi/jukebox.toml "$root/boot/jukebox.toml" # where the jukebox looks for settings on the boot partition

# The jukebox, by its own installer. certificates: this machine's, which the network may need.
mkdir -p "$root/root/jukebox"
tar --exclude=./run --exclude='./.[!/]*' -c . | tar -x -C "$root/root/jukebox"
network=()
for name in http_proxy https_proxy no_proxy PIP_INDEX_URL; do
    [[ -z ${!name-} ]] || network+=("$name=${!name}")
done
if [[ -e ${PIP_CERT-} ]]; then
    cp -L "$PIP_CERT" "$root/root/certificates.crt"
    network+=(PIP_CERT=/root/certificates.crt)
fi
in_root "${network[@]}" /root/jukebox/setup.sh install >&2
# The downloads are not needed any more.
rm -rf "$root/root/jukebox" "$root/root/certificates.crt" "$root/root/.cache" "$root/var/cache/jukebox"

# Nobody can log in from outside; whoever stands in front of the machine owns it.
in_root passwd --delete --quiet root
in_root systemctl --quiet enable systemd-networkd.service systemd-timesyncd.service
# Nothing waits for a network.
in_root systemctl --quiet mask systemd-networkd-wait-online.service

# The boot loader, placed as bootctl does, which insists on a mounted partition; and the first entry.
# zz-systemd-boot of Debian adds those of later kernels.
efi=$root/boot/efi
loader=$root/usr/lib/systemd/boot/efi/systemd-bootx64.efi
install -D -m 644 "$loader" "$efi/EFI/BOOT/BOOTX64.EFI"
install -D -m 644 "$loader" "$efi/EFI/systemd/systemd-bootx64.efi"
mkdir -p "$efi/loader/entries" "$efi/jukebox"
echo type1 >"$efi/loader/entries.srel"
echo "timeout 0" >"$efi/loader/loader.conf"
version=$(basename "$root"/lib/modules/*)
in_root update-initramfs -u -k "$version" # with what etc/initramfs-tools says
in_root kernel-install add "$version" "/boot/vmlinuz-$version"
# Paths must be those within the partition, which kernel-install saw as a folder of the root.
sed -i 's|/boot/efi/|/|' "$efi"/loader/entries/*.conf

#!/usr/bin/env bash
# Called by mmdebstrap for install/image.sh, from the repository's folder, with the new system's root.
set -euo pipefail
root=$1

# With nothing of this machine's environment, whose certificates for instance are not there.
in_root() { chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 "$@"; }

cp -r install/image/root/. "$root/"
ln -s efi/jukebox.toml "$root/boot/jukebox.toml" # where the jukebox looks for the card's settings

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
# What was downloaded for it is of no further use.
rm -rf "$root/root/jukebox" "$root/root/certificates.crt" "$root/root/.cache" "$root/var/cache/jukebox"

# Nobody logs in from outside; who stands before the box owns it.
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
# Paths within the partition: for kernel-install it was a folder of the root's.
sed -i 's|/boot/efi/|/|' "$efi"/loader/entries/*.conf

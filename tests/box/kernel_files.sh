#!/usr/bin/env bash
# Called by mmdebstrap for disk.sh: kernel_files.sh ROOT VERSION FOLDER makes the webcam's module and a
# small initrd, with only the drivers that QEMU's disk needs.
set -euo pipefail
root=$1 version=$2 folder=$3

in_root() { chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"; }

in_root dkms autoinstall -k "$version"
cp -r "$root/etc/initramfs-tools" "$root/tmp/small"
sed -i 's/^MODULES=.*/MODULES=list/; s/^COMPRESS=.*/COMPRESS=gzip/' "$root/tmp/small/initramfs.conf"
echo "FSTYPE=ext4" >>"$root/tmp/small/initramfs.conf"
printf '%s\n' virtio_pci virtio_blk ext4 crc32c >"$root/tmp/small/modules"
# An entry for the root file system is what brings e2fsck in.
echo "LABEL=jukebox-root / ext4 defaults 0 1" >"$root/etc/fstab"
in_root mkinitramfs -d /tmp/small -o /tmp/initrd.img "$version"
cp "$root/tmp/initrd.img" "$folder/initrd.img"
cp "$root/boot/vmlinuz-$version" "$folder/vmlinuz"
# dkms compresses it as Debian's own modules.
xz -dc "$root/lib/modules/$version/updates/dkms/v4l2loopback.ko.xz" >"$folder/v4l2loopback.ko"

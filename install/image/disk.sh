#!/usr/bin/env bash
# Run by install/image.sh in a Debian 13, with its work folder at /mnt: makes jukebox.img from root.tar, the
# folder boot and genimage.cfg. The same files give the same bytes, so all numbers here are fixed.
set -euo pipefail
cd /mnt
number=6a756b65-626f-4000-8000-000000000001

# In one order, and not as the folder happens to hold them.
truncate -s 384M boot.vfat
mkfs.vfat --invariant -F 32 -i 6a756b65 -n JUKEBOX boot.vfat >/dev/null
(cd boot && find . -mindepth 1 -printf '%y %P\n') | LC_ALL=C sort | while read -r type path; do
    case $type in
        d) mmd -i boot.vfat "::/$path" ;;
        f) mcopy -m -i boot.vfat "boot/$path" "::/$path" ;;
    esac
done

# Room for what an update of packages needs before the root has grown.
size_mb=$(($(du -m root.tar | cut -f1) * 5 / 4 + 300))
mke2fs -q -t ext4 -L jukebox-root -U "$number" -E "hash_seed=$number" -d root.tar root.ext4 "${size_mb}M"

genimage --loglevel 0 --config genimage.cfg --rootpath boot --tmppath tmp --inputpath . --outputpath .

#!/usr/bin/env bash
# Runs the aarch64 packages and the whole loop on the demo reel in an arm64 Debian under qemu-user, and
# the loop here, too: tests/arm64.sh [RELEASE] (default: bookworm). Prints both sequences of moods. Exits
# with 0 if the same moods and songs follow each other, no more than a frame (0.2 s) apart: the int8
# networks gave the same numbers on both, but BlazeFace, in float32, differed by some 1e-4 of a pixel,
# and so may the faces that are cut out there. Needs root, qemu-user-static, mmdebstrap and
# systemd-nspawn, and 20 minutes on an idle machine. It says nothing about the speed of a Raspberry Pi,
# and is not part of ./setup.sh test.
#
# QEMU emulates a processor, but shows the host's /proc/cpuinfo. An x86 one, together with the host's
# /sys, makes the runtime crash while it loads a network (SIGSEGV in allocate_tensors()). Without /sys it
# cannot find out which processors there are, and loads the network without XNNPACK. So the container
# gets a Cortex-A72 and the /proc/cpuinfo of a Raspberry Pi 4, with which it loads it with XNNPACK.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
release=${1:-bookworm}

# shellcheck source=tests/roots.sh
source tests/roots.sh
need_tools
for tool in qemu-aarch64-static arch-test update-binfmts; do
    command -v "$tool" >/dev/null || {
        echo "$0: needs $tool: apt-get install qemu-user-static binfmt-support arch-test" >&2
        exit 1
    }
done
# Containers and small machines start without it.
[[ -e /proc/sys/fs/binfmt_misc/register ]] || mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc
[[ -e /proc/sys/fs/binfmt_misc/qemu-aarch64 ]] || update-binfmts --enable qemu-aarch64

tarball=$cache/$release-arm64.tar
if [[ ! -e $tarball ]]; then
    mkdir -p "$cache"
    mmdebstrap --quiet --format=tar --variant=minbase --architectures=arm64 \
        --include=ca-certificates,python3,python3-venv "$release" "$tarball.part"
    mv "$tarball.part" "$tarball"
fi

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
tar -C "$root" -xf "$tarball"
copy_repository "$root/root/jukebox"

for number in 0 1 2 3; do
    printf '%s\t: %s\n' processor $number BogoMIPS 108.00 Features "fp asimd evtstrm crc32 cpuid" \
        "CPU implementer" 0x41 "CPU architecture" 8 "CPU variant" 0x0 "CPU part" 0xd08 "CPU revision" 3
    echo
done >"$root/root/cpuinfo"

on_a_pi() { # on_a_pi COMMAND...
    # shellcheck disable=SC2016  # expanded inside
    inside "$root" env QEMU_CPU=cortex-a72 bash -c 'mount --bind /root/cpuinfo /proc/cpuinfo && "$@"' - "$@"
}

# The environment as ./setup.sh demo makes it, without MPD.
install=$(cat <<'INSIDE'
set -euo pipefail
python3 -m venv /root/env
pip=(/root/env/bin/python -m pip --quiet --disable-pip-version-check install --require-hashes)
"${pip[@]}" -r locks/box.txt
INSIDE
)
begun=$SECONDS
inside "$root" bash -c "$install"
echo "$release arm64: packages installed in $((SECONDS - begun)) s" \
    "($(find "$root/root/env" -name "*.dist-info" | wc -l) of them)"

# The sequence of moods, by each kind of network.
status=0
for precision in int8 float32; do
    # From the same copy: meanwhile somebody may be working in this folder.
    env -C "$root/root/jukebox" PYTHONPATH=. "$PWD/run/test/bin/python" tests/reel_moods.py "$precision" \
        >"$root/here.json"
    begun=$SECONDS
    on_a_pi env PYTHONPATH=. /root/env/bin/python -X faulthandler tests/reel_moods.py "$precision" \
        >"$root/there.json" || {
        echo "$precision: the loop on arm64 ended with $? (255: by a signal)" >&2
        cat "$root/there.json" >&2 # systemd-nspawn puts both streams there
        status=1
        continue
    }
    echo "$precision: one round of the reel on arm64 took $((SECONDS - begun)) s"
    run/test/bin/python - "$root/here.json" "$root/there.json" "$precision" <<'COMPARE' || status=1
import json, sys
here, there = (json.load(open(name)) for name in sys.argv[1:3])
print(f"{sys.argv[3]}: {here['machine']} and {there['machine']}, {there['runtime']}")
FRAME_S = 0.2
story = [[(mood["mood"], mood["plays"]) for mood in side["told"]] for side in (here, there)]
apart_s = [abs(a["time_s"] - b["time_s"]) for a, b in zip(here["told"], there["told"])]
same = story[0] == story[1] and max(apart_s) < 1.5 * FRAME_S
for a, b in zip(here["told"], there["told"]):
    print(f"  {a['time_s']:6.1f} s {a['mood']:9} {a['probability']:.3f}"
          f"   {b['time_s']:6.1f} s {b['mood']:9} {b['probability']:.3f}   plays {b['plays']}")
print(f"  the same {len(apart_s)} moods, {sum(seconds > 0 for seconds in apart_s)} of them a frame apart"
      if same else "  NOT the same")
sys.exit(not same)
COMPARE
done
exit "$status"

"""What QEMU emulates for the rig: a PC, or a board with the processor of a Raspberry Pi 3."""

from __future__ import annotations

from dataclasses import dataclass

# As in install/image/x86/etc/kernel/cmdline.
COMMAND_LINE = "root=LABEL=jukebox-root rw quiet fsck.repair=yes panic=10"
COMMAND_LINE += " systemd.show_status=no udev.event_timeout=1800"


@dataclass(frozen=True, slots=True)
class Board:
    """command: QEMU's program and options; line: the kernel's command line; boot: where the boot
    partition is mounted.
    """

    command: tuple[str, ...]
    line: str
    boot: str


PC = Board(
    ("qemu-system-x86_64", "-machine", "q35", "-cpu", "max"),
    # A processor that is kept waiting must not take its timer for broken.
    f"{COMMAND_LINE} console=ttyS0 no_timer_check tsc=unstable",
    "/boot/efi",
)
# Not QEMU's Raspberry Pi 3, which has no place for a sound card and for the rig's ports.
ARM = Board(
    ("qemu-system-aarch64", "-machine", "virt", "-cpu", "cortex-a53"),
    f"{COMMAND_LINE} console=ttyAMA0 net.ifnames=0",
    "/boot/firmware",
)
BOARDS = {"pc": PC, "arm": ARM}

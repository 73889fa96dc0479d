"""The light on a Raspberry Pi's board, for whoever has neither screen nor network yet."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

BOARD = Path("/sys/class/leds/ACT")
# Milliseconds on and off.
BLINKS = {"looking": (1000, 1000), "joining": (300, 300), "refused": (100, 100)}


class BoardLight:
    """Blinks; on a machine without this light, it does nothing."""

    def __init__(self, folder: Path = BOARD) -> None:
        self._folder = folder
        self._usual = "mmc0"  # it shows when the card is read
        with suppress(OSError):
            named = (folder / "trigger").read_text().split()
            self._usual = next((name[1:-1] for name in named if name[0] == "["), self._usual)

    def show(self, what: str) -> None:
        """Blinks for one of BLINKS; with "" it is again what it was."""
        with suppress(OSError):
            if what not in BLINKS:
                (self._folder / "trigger").write_text(self._usual)
                return
            (self._folder / "trigger").write_text("timer")
            for name, milliseconds in zip(("delay_on", "delay_off"), BLINKS[what], strict=True):
                (self._folder / name).write_text(str(milliseconds))

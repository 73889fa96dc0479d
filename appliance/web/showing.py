"""Pairing by the camera: a browser shows a QR code, and the jukebox sees it in the room.

Whoever can hold a phone before the camera is in the house. The code's word is for that browser
alone: nobody else can show it, and reading it from afar pairs only the browser that shows it.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from dataclasses import dataclass

from appliance.errors import ControlError
from appliance.remote.jukebox import Jukebox
from appliance.web.pairing import ALPHABET

SHOWN_S = 120.0
SCAN_S = 20.0
MOST_SHOWING = 8
WORD_LENGTH = 10


@dataclass(slots=True)
class Shown:
    """A word that a browser shows. key: by which this browser is known; seen: by the camera."""

    key: str
    word: str
    until_s: float
    seen: bool = False

    @property
    def text(self) -> str:
        """What the QR code says; vision/qr_codes.py reads it."""
        return f"JUKEBOX:{self.word}::"


class Showing:
    """The browsers that show a code now; lets the jukebox look while there are any."""

    def __init__(self) -> None:
        self.problem = ""  # why the jukebox cannot look, in its own words
        self._shown: dict[str, Shown] = {}
        self._looking: asyncio.Task[None] | None = None

    def begin(self, jukebox: Jukebox) -> Shown | None:
        """A word for one more browser; None if too many show one already."""
        self._forget_old()
        if len(self._shown) >= MOST_SHOWING:
            return None
        word = "".join(secrets.choice(ALPHABET) for _ in range(WORD_LENGTH))
        shown = Shown(secrets.token_urlsafe(24), word, time.monotonic() + SHOWN_S)
        self._shown[shown.key] = shown
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look(jukebox))
        return shown

    def find(self, key: str) -> Shown | None:
        """What the browser with this key shows; None if its time is over."""
        self._forget_old()
        return self._shown.get(key)

    def end(self, shown: Shown) -> None:
        """The browser shows it no more."""
        self._shown.pop(shown.key, None)

    async def _look(self, jukebox: Jukebox) -> None:
        self.problem = ""
        while self._waits():
            try:
                answer = await jukebox.ask("scan", {"seconds": SCAN_S}, SCAN_S + 10.0)
            except ControlError as error:
                self.problem = str(error)
                return
            word = str(answer["data"].get("word", ""))
            for shown in self._shown.values():
                shown.seen = shown.seen or (bool(word) and secrets.compare_digest(shown.word, word))

    def _waits(self) -> bool:
        self._forget_old()
        return any(not shown.seen for shown in self._shown.values())

    def _forget_old(self) -> None:
        now_s = time.monotonic()
        self._shown = {key: shown for key, shown in self._shown.items() if now_s < shown.until_s}

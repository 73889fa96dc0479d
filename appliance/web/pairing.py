"""One-time codes, by which a device shows that its owner may use the jukebox."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Literal

VALID_S = 600.0
MOST_WRONG = 5
# Without letters and digits that look alike, so that a code can be read out and typed.
ALPHABET = "ABCDEFGHKLMNPQRSTUVWXYZ23456789"
LENGTH = 6  # 887 million codes, of which five may be tried
MOST_OPEN = 8
SLOWEST_S = 8.0

Result = Literal["good", "wrong", "locked", "closed"]


@dataclass(slots=True)
class _Open:
    code: str
    until_s: float


class Pairing:
    """Codes that are open now. The fifth wrong one closes all of them.

    Every time is monotonic.
    """

    def __init__(self) -> None:
        self._open: list[_Open] = []
        self._wrong = 0
        self._button_until_s = 0.0

    def open_by_button(self, now_s: float) -> None:
        """Somebody has pressed the jukebox's button: for ten minutes, one device needs no code."""
        self._button_until_s = now_s + VALID_S

    def needs_code(self, now_s: float) -> bool:
        """Whether a device needs a code now."""
        return now_s >= self._button_until_s

    def open(self, now_s: float) -> str:
        """A new code, valid once and for ten minutes. It ends a lock, too."""
        self._forget_old(now_s)
        if not self._open:
            self._wrong = 0
        code = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
        self._open = [*self._open[1 - MOST_OPEN :], _Open(code, now_s + VALID_S)]
        return code

    def is_open(self, now_s: float) -> bool:
        """Whether a code would be accepted now."""
        self._forget_old(now_s)
        return bool(self._open)

    @property
    def delay_s(self) -> float:
        """How long the next answer must wait: each wrong code doubles it."""
        return min(0.25 * 2**self._wrong, SLOWEST_S) if self._wrong else 0.0

    def take(self, text: str, now_s: float) -> Result:
        """Uses a code up; without one, the press of the button.

        locked: five wrong ones were tried since a code was opened. closed: no code is open.
        """
        self._forget_old(now_s)
        if not _normalised(text) and not self.needs_code(now_s):
            self._button_until_s = 0.0
            return "good"
        if not self._open:
            return "locked" if self._wrong >= MOST_WRONG else "closed"
        typed = _normalised(text).encode()
        for known in self._open:
            if secrets.compare_digest(known.code.encode(), typed):
                self._open.remove(known)
                self._wrong = 0
                return "good"
        self._wrong += 1
        if self._wrong >= MOST_WRONG:
            self._open.clear()
            return "locked"
        return "wrong"

    def _forget_old(self, now_s: float) -> None:
        self._open = [known for known in self._open if now_s < known.until_s]


def _normalised(text: str) -> str:
    """A code as people type it: in small letters, with spaces or hyphens."""
    return "".join(character for character in text.upper() if character.isalnum())

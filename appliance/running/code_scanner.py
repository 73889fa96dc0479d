"""Looks for a QR code while somebody holds it before the camera: the page's, or a network's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor

from appliance.errors import ControlError
from appliance.records import Frame, GrayImage
from appliance.vision.qr_codes import shared_network, shown_word

LOOK_EVERY_S = 0.3
LONGEST_S = 120.0
Read = Callable[[GrayImage], str | None]
READERS: Mapping[str, Read] = {"page": shown_word, "wifi": shared_network}


class CodeScanner:
    """Reads codes in a thread, so that no frame waits; nothing but the word leaves it.

    readers: what finds each kind of code in a picture; None if there is none.
    """

    def __init__(self, readers: Mapping[str, Read] = READERS) -> None:
        self._readers = readers
        self._read = readers["page"]
        self._thread = ThreadPoolExecutor(1, "codes")
        self._asked: Future[str] | None = None
        self._until_s = 0.0
        self._due_s = 0.0
        self._look: Future[str | None] | None = None

    def begin(self, time_s: float, seconds: float, kind: str = "page") -> Future[str]:
        """Begins to look. The result is the word, or "" if there was none in this time.

        Raises ControlError while somebody else waits for one.
        """
        if self._asked is not None:
            raise ControlError("the camera looks for a code already; try again in a moment")
        self._until_s, self._due_s = time_s + min(seconds, LONGEST_S), time_s
        self._read = self._readers[kind]
        self._look = None  # what a look for another kind still finds is not meant
        self._asked = Future()
        return self._asked

    def note(self, frame: Frame) -> None:
        """Takes a picture to read, if one is wanted and the one before has been read."""
        if self._asked is None:
            return
        word = self._word()
        if word is not None or frame.time_s >= self._until_s:
            self._asked.set_result(word or "")
            self._asked = None
        elif self._look is None and frame.luma is not None and frame.time_s >= self._due_s:
            self._due_s = frame.time_s + LOOK_EVERY_S
            self._look = self._thread.submit(self._read, frame.luma.copy())

    def close(self) -> None:
        """Looks no more."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _word(self) -> str | None:
        """What the last look found, once it is over."""
        if self._look is None or not self._look.done():
            return None
        look, self._look = self._look, None
        return look.result()

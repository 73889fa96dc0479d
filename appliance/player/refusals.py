"""What MPD refuses to do is left out and told once; the connection lives."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from mpd import CommandError

log = logging.getLogger("jukebox")


class Refusals:
    """Tells once of each thing that MPD refuses to do, whatever the code of its answer is."""

    def __init__(self) -> None:
        self._told: set[str] = set()

    @contextmanager
    def survived(self, left_out: str) -> Iterator[None]:
        """End the with statement if MPD refuses a command in it. left_out: what that means."""
        try:
            yield
        except CommandError as error:
            message = f"MPD refuses: {error}; {left_out}"
            if message not in self._told:
                self._told.add(message)
                log.warning("%s", message)

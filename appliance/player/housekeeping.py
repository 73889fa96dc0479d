"""What can wait while music plays: the moods' stored playlists and the copies of skips."""

from __future__ import annotations

import logging
from concurrent.futures import Future

from mpd import CommandError

from appliance.errors import PlayerError
from appliance.player.client import Client
from appliance.player.reader import Reader
from appliance.player.skip_copies import SkipCopies
from appliance.player.stored_lists import StoredLists

log = logging.getLogger("jukebox")


class Housekeeping:
    """Follows MPD's changes in a thread, one round of work after the other.

    What fails is told once, and tried again when MPD reports the next change.
    """

    def __init__(self, reader: Reader, lists: StoredLists | None, skips: SkipCopies) -> None:
        self._reader, self._lists, self._skips = reader, lists, skips
        self._due: set[str] = set()  # the changes that were not answered yet
        self._work: Future[None] | None = None
        self._told: set[str] = set()

    @property
    def is_done(self) -> bool:
        """Whether nothing is under way or due."""
        return not self._due and self._work is None

    def note_changes(self, changes: set[str]) -> None:
        """Note what MPD has reported as changed."""
        self._due |= changes & {"database", "sticker"}

    def go_on(self) -> None:
        """Begin what is due, if nothing is under way, and hand over what the thread has found."""
        self._skips.hand_over()
        if self._work is not None and self._work.done():
            work, self._work = self._work, None
            self._finish(work)
        if self._due and self._work is None:
            due, self._due = self._due, set()
            self._work = self._reader.ask(lambda client: self._tidy(client, due))

    def _tidy(self, client: Client, due: set[str]) -> None:
        """In the thread."""
        if "database" in due and self._lists is not None:
            self._lists.update(client)
        self._skips.compare(client)

    def _finish(self, work: Future[None]) -> None:
        try:
            work.result()
        except (CommandError, PlayerError) as error:
            message = f"{error}; playlists of the moods and copies of skips wait"
            if message not in self._told:
                self._told.add(message)
                log.warning("%s", message)

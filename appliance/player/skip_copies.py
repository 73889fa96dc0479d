"""A copy of the skip counts outside MPD, which forgets them with the songs of an unmounted disk.

An `update` of MPD while the disk with the music is away deletes the stickers of all its songs for
good. Only the jukebox's own stickers are copied and put back: likes and ratings belong to apps.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from queue import SimpleQueue
from typing import Protocol

from mpd import CommandError, FailureResponseCode

from appliance.errors import JukeboxError
from appliance.player.capabilities import Capabilities
from appliance.player.client import Client
from appliance.player.likes import Today, skip_day_sticker, skips_sticker
from appliance.player.sources import can_be_said
from appliance.player.state import PlayerStateFile
from appliance.records import EMOTIONS, Emotion, SkipCount

log = logging.getLogger("jukebox")

PUT_BACK_AT_ONCE = 10  # a slow SD card takes MPD up to 50 ms for each sticker; the music waits
KEPT_LOST_DAYS = 365  # a skip of a song that is gone for a year has faded to nothing

Key = tuple[str, Emotion]  # a song's uri, and the mood


class SkipArchive(Protocol):
    """Where the copy is kept; the service keeps it in its history (history/store.py)."""

    def read_skips(self) -> Sequence[SkipCount]:
        """All that were recorded last. Raises JukeboxError if they cannot be read now."""

    def record_skips(self, skips: SkipCount) -> None:
        """Keep this in place of what was kept of the song in this mood; a count of 0 forgets it."""


class SkipCopies:
    """Follows the skip counts in MPD's stickers, and puts back what MPD has lost.

    A sticker that is missing was lost if its song is missing, too, or if all skips have vanished
    since MPD's music was last updated. All other stickers that are missing, a person has deleted.
    """

    def __init__(
        self,
        capabilities: Capabilities,
        archive: SkipArchive | None,
        state: PlayerStateFile,
        today: Today = date.today,
    ) -> None:
        self._capabilities, self._archive, self._state = capabilities, archive, state
        self._today = today
        self._found: SimpleQueue[SkipCount] = SimpleQueue()  # not handed over yet
        self._copies: dict[Key, SkipCount] | None = None  # None: not read yet

    def compare(self, client: Client) -> None:
        """Bring copy and stickers into agreement, after MPD has reported a change of them.

        It may run in a thread; hand_over() then completes it.

        It puts ten stickers back at most; as MPD reports these, too, the next call goes on.
        """
        if self._archive is None or not self._capabilities.has_stickers:
            return
        try:
            copies = self._read(self._archive)
            found = {(skips.uri, skips.emotion): skips for skips in _stickers(client)}
            if not copies and not found:
                return
            updated = str(client.stats().get("db_update", ""))
            self._note_missing(client, found, updated)
            for skips in found.values():
                self._record(skips)
            self._put_back(client)
        except (CommandError, JukeboxError) as error:
            log.debug("the skips are not compared: %s", error)

    def hand_over(self) -> None:
        """Give the archive what compare() has found. Call it in the archive's own thread."""
        while self._archive is not None and not self._found.empty():
            self._archive.record_skips(self._found.get())

    def _read(self, archive: SkipArchive) -> dict[Key, SkipCount]:
        if self._copies is None:
            self._copies = {(skips.uri, skips.emotion): skips for skips in archive.read_skips()}
        return self._copies

    def _note_missing(self, client: Client, found: dict[Key, SkipCount], updated: str) -> None:
        """Note which of the missing stickers MPD has lost, and forget those that people deleted."""
        copies, kept = self._copies or {}, self._state.kept.db_update
        missing = [skips for key, skips in copies.items() if key not in found and not skips.lost]
        all_vanished = bool(missing) and not found and updated != kept
        any_lost = False
        for skips in missing:
            if lost := all_vanished or not _has_song(client, skips.uri):
                any_lost = True
            self._record(replace(skips, lost=True) if lost else replace(skips, count=0))
        if any_lost:
            log.info("MPD has lost skips of songs; they come back with the songs")
        else:  # else the copy comes to the disk first
            self._state.keep(durable=False, db_update=updated)

    def _put_back(self, client: Client) -> None:
        """Put lost stickers back, as far as their songs are there."""
        done = 0
        for skips in [skips for skips in (self._copies or {}).values() if skips.lost]:
            if self._has_faded(skips):
                self._record(replace(skips, count=0))
            elif _put_back(client, skips):
                self._record(replace(skips, lost=False))
                done += 1
                if done == PUT_BACK_AT_ONCE:
                    break

    def _has_faded(self, skips: SkipCount) -> bool:
        try:
            return (self._today() - date.fromisoformat(skips.day)).days > KEPT_LOST_DAYS
        except ValueError:
            return False

    def _record(self, skips: SkipCount) -> None:
        key = skips.uri, skips.emotion
        if self._copies is None or self._archive is None or self._copies.get(key) == skips:
            return
        if skips.count:
            self._copies[key] = skips
        else:
            self._copies.pop(key, None)
        self._found.put(skips)


def _stickers(client: Client) -> Iterator[SkipCount]:
    """The skip counts in MPD. Raises CommandError."""
    for emotion in EMOTIONS:
        counts = _values(client, skips_sticker(emotion))
        days = _values(client, skip_day_sticker(emotion)) if counts else {}
        for uri, count in counts.items():
            if count.isdecimal() and int(count) and can_be_said(uri):
                yield SkipCount(uri, emotion, int(count), days.get(uri, ""))


def _values(client: Client, name: str) -> dict[str, str]:
    found = client.sticker_find("song", "", name)
    return {song["file"]: song["sticker"].partition("=")[2] for song in found}


def _has_song(client: Client, uri: str) -> bool:
    """Whether MPD knows this song of its music. Raises CommandError for any other refusal."""
    try:
        client.sticker_list("song", uri)
    except CommandError as error:
        if error.errno != FailureResponseCode.NO_EXIST:
            raise
        return False
    return True


def _put_back(client: Client, skips: SkipCount) -> bool:
    """Set the stickers of a song. Returns whether it is there; raises CommandError as _has_song."""
    if not _has_song(client, skips.uri):
        return False
    if skips.day:
        client.sticker_set("song", skips.uri, skip_day_sticker(skips.emotion), skips.day)
    client.sticker_set("song", skips.uri, skips_sticker(skips.emotion), str(skips.count))
    return True

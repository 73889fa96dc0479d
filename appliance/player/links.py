"""Links in playlists: what they play is asked of `jukebox resolve`, over its Unix socket.

This process opens no connection to the network. Where no resolver runs, MPD gets the link as it is.
"""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from mpd import CommandError, MPDClient

from appliance.errors import JukeboxError
from appliance.player.sources import Song
from appliance.records import Emotion
from appliance.resolver.protocol import Answer, answer_of, find_socket, is_link

log = logging.getLogger("jukebox")

# How long the loop stands still for the first link of a draw. A web radio answers sooner; a video
# site takes longer, and its answer is fetched at the next draw.
PATIENCE_S = 1.0
GLANCE_S = 0.05  # for the other links of that draw


class LinkError(JukeboxError):
    """A link that plays nothing. Another song is tried."""


class Links:
    """The addresses behind links. resolver: the socket to ask at, None to look for it."""

    def __init__(self, resolver: Path | None = None) -> None:
        self._resolver = resolver
        self._waited_at_s: float | None = None
        self._asked: dict[Emotion, list[Song]] = {}  # whose answers were not there yet

    def asked_first(self, emotion: Emotion, songs: Sequence[Song]) -> list[Song]:
        """The songs that were drawn, before them those whose answers were still awaited."""
        asked = self._asked.pop(emotion, [])
        return [*asked, *(song for song in songs if song not in asked)]

    def add(
        self, client: MPDClient, emotion: Emotion, song: Song, place: tuple[int, ...], time_s: float
    ) -> tuple[str, Song] | None:
        """Put a song into the queue: its id there, and the song by its title; None: not known yet.

        place: of the queue, () for its end. Raises LinkError if the link plays nothing.
        """
        if not is_link(song.uri):
            return client.addid(song.uri, *place), song
        answer = self._ask(song.uri, time_s)
        if answer is None:
            self._asked.setdefault(emotion, []).append(song)
            return None
        if answer.error:
            raise LinkError(answer.error)
        titled = replace(song, title=song.title or answer.title)
        song_id: str = client.addid(answer.uri, *place)
        if answer.title:  # so that MPD apps show it; MPD itself knows no more than an address
            with suppress(CommandError):  # Mopidy has no such command
                client.addtagid(song_id, "Title", titled.title)
        return song_id, titled

    def prefetch(self, emotion: Emotion, songs: Sequence[Song]) -> None:
        """Have the first link among these looked up, so that it is known when its turn comes."""
        link = next((song for song in songs if is_link(song.uri)), None)
        if link and not self._asked.get(emotion):
            with suppress(OSError), self._question(link.uri, GLANCE_S):
                self._asked[emotion] = [link]

    def _ask(self, link: str, time_s: float) -> Answer | None:
        """The resolver's answer, the link itself where there is none to ask, None if not yet."""
        patience_s = GLANCE_S if self._waited_at_s == time_s else PATIENCE_S
        try:
            with self._question(link, patience_s) as asked, asked.makefile("rb") as answers:
                return answer_of(answers.readline())
        except TimeoutError:
            self._waited_at_s = time_s
            return None
        except OSError:
            return Answer(uri=link)
        except ValueError as error:  # it was stopped while we asked
            log.debug("the resolver gave no answer: %s", error)
            return None

    @contextmanager
    def _question(self, link: str, patience_s: float) -> Iterator[socket.socket]:
        """A connection on which the resolver was asked. Who hangs up may ask again later."""
        with socket.socket(socket.AF_UNIX) as asked:
            asked.settimeout(patience_s)
            asked.connect(str(self._resolver or find_socket()))
            asked.sendall(link.encode() + b"\n")
            yield asked

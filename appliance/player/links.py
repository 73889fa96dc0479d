"""Links in playlists: asks `jukebox resolve`, over its Unix socket, what each link plays.

This process opens no connection to the network. If no resolver runs, MPD gets the link as it is.
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
from appliance.resolver.protocol import Answer, answer_of, find_socket, is_link, is_short

log = logging.getLogger("jukebox")

# So long the loop waits for the first link of a draw. A web radio answers sooner; a video site
# takes longer, and its answer is fetched at the next draw.
PATIENCE_S = 1.0
LATER_LINKS_S = 0.05  # so long it waits for each other link of that draw


class LinkError(JukeboxError):
    """A link plays nothing. The player tries another song."""


class Links:
    """The addresses behind links. resolver: the path of its socket, None to search for it."""

    def __init__(self, resolver: Path | None = None) -> None:
        self._resolver = resolver
        self._waited_at_s: float | None = None
        self._awaited: dict[Emotion, list[Song]] = {}  # links whose answers were not there yet

    def awaited_first(self, emotion: Emotion, songs: Sequence[Song]) -> list[Song]:
        """The drawn songs, preceded by the links of this mood whose answers are still awaited."""
        awaited = self._awaited.pop(emotion, [])
        return [*awaited, *(song for song in songs if song not in awaited)]

    def add(
        self, client: MPDClient, emotion: Emotion, song: Song, place: tuple[int, ...], time_s: float
    ) -> tuple[str, Song] | None:
        """Add a song to the queue. Returns its id there and the song with its title.

        place: one position in the queue, counted from 0, or () for its end. Returns None while the
        answer for a link is awaited. Raises LinkError if the link plays nothing, and MPD's
        CommandError if MPD refuses the song.
        """
        if not is_link(song.uri):
            return client.addid(song.uri, *place), song
        answer = self._ask(song.uri, time_s)
        if answer is None:
            self._awaited.setdefault(emotion, []).append(song)
            return None
        if answer.error:
            raise LinkError(answer.error)
        titled = replace(song, title=song.title or answer.title)
        song_id: str = client.addid(answer.uri, *place)
        if answer.title:  # so that MPD apps show it; MPD itself knows only the address
            with suppress(CommandError):  # Mopidy has no such command
                client.addtagid(song_id, "Title", titled.title)
        return song_id, titled

    def prefetch(self, emotion: Emotion, songs: Sequence[Song]) -> None:
        """Let the resolver look the first link of these songs up, before its turn comes."""
        link = next((song for song in songs if is_link(song.uri)), None)
        if link and is_short(link.uri) and not self._awaited.get(emotion):
            with suppress(OSError), self._question(link.uri, LATER_LINKS_S):
                self._awaited[emotion] = [link]

    def _ask(self, link: str, time_s: float) -> Answer | None:
        """The resolver's answer; the link itself if no resolver runs; None if it has none yet."""
        if not is_short(link):
            return Answer(uri=link)
        patience_s = LATER_LINKS_S if self._waited_at_s == time_s else PATIENCE_S
        try:
            with self._question(link, patience_s) as asked, asked.makefile("rb") as answers:
                return answer_of(answers.readline())
        except TimeoutError:
            self._waited_at_s = time_s
            return None
        except OSError:
            return Answer(uri=link)
        except ValueError as error:  # the resolver was stopped meanwhile
            log.debug("the resolver gave no answer: %s", error)
            return None

    @contextmanager
    def _question(self, link: str, patience_s: float) -> Iterator[socket.socket]:
        """A connection with the question sent. Closing it early does not end the look-up."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(patience_s)
            connection.connect(str(self._resolver or find_socket()))
            connection.sendall(link.encode() + b"\n")
            yield connection

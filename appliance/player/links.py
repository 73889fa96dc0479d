"""Links in playlists: what they play is asked of `jukebox resolve`, over its Unix socket.

This process opens no connection to the network. Where no resolver runs, MPD gets the link as it is.
"""

from __future__ import annotations

import logging
import socket
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from mpd import CommandError, MPDClient

from appliance.errors import JukeboxError
from appliance.player.sources import Song
from appliance.resolver import Answer, answer_of, find_socket, is_link

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

    def add(
        self, client: MPDClient, song: Song, place: tuple[int, ...], time_s: float
    ) -> tuple[str, Song] | None:
        """Put a song into the queue: its id there, and the song by its title; None: ask later.

        place: of the queue, () for its end. Raises LinkError if the link plays nothing.
        """
        if not is_link(song.uri):
            return client.addid(song.uri, *place), song
        answer = self._ask(song.uri, time_s)
        if answer is None:
            return None
        if answer.error:
            raise LinkError(answer.error)
        titled = replace(song, title=song.title or answer.title)
        song_id: str = client.addid(answer.uri, *place)
        if answer.title:  # so that MPD apps show it; MPD itself knows no more than an address
            with suppress(CommandError):  # Mopidy has no such command
                client.addtagid(song_id, "Title", titled.title)
        return song_id, titled

    def _ask(self, link: str, time_s: float) -> Answer | None:
        """The resolver's answer, the link itself where there is none to ask, None if not yet."""
        patience_s = GLANCE_S if self._waited_at_s == time_s else PATIENCE_S
        try:
            with socket.socket(socket.AF_UNIX) as asked:
                asked.settimeout(patience_s)
                asked.connect(str(self._resolver or find_socket()))
                asked.sendall(link.encode() + b"\n")
                with asked.makefile("rb") as answers:
                    return answer_of(answers.readline())
        except TimeoutError:
            self._waited_at_s = time_s
            return None
        except OSError:
            return Answer(uri=link)
        except ValueError as error:  # it was stopped while we asked
            log.debug("the resolver gave no answer: %s", error)
            return None

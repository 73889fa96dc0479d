"""What people think of songs, as MPD's stickers tell: how often each is drawn."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

from mpd import CommandError, MPDClient

from appliance.player.capabilities import Server
from appliance.records import Emotion

log = logging.getLogger("jukebox")

# As myMPD and Cantata keep them: like is 0 (not), 1 or 2 (yes), rating is 0 (none) to 10.
LIKE = {"0": 0.02, "2": 2.0}
FULL_RATING = 10
AVERAGE_RATING = 5


class Likes:
    """Stickers of songs, where the server has any."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def weights(self, client: MPDClient, emotion: Emotion) -> dict[str, float]:
        """How often songs are to be drawn, by uri; 1 for those that are not named."""
        says: dict[str, Callable[[str], float]] = {
            "like": lambda value: LIKE.get(value, 1.0),
            "rating": _of_rating,
            _skips(emotion): lambda value: 1.0 / (1 + _number(value)),
        }
        weights: dict[str, float] = {}
        for name, weight in says.items():
            for uri, value in self._all(client, name).items():
                weights[uri] = weights.get(uri, 1.0) * weight(value)
        return weights

    @staticmethod
    def of(uri: str, weights: Mapping[str, float]) -> float:
        """The weight of a song. MPD calls a file of its own music, however named, by its place."""
        parts = uri.split("/") if uri.startswith("/") else [uri]
        names = ("/".join(parts[begin:]) for begin in range(len(parts)))
        return next((weights[name] for name in names if name in weights), 1.0)

    def mark_skipped(self, client: MPDClient, uri: str, emotion: Emotion) -> None:
        """Count that a person skipped this song in this mood."""
        if not self._server.has_stickers:
            return
        name = _skips(emotion)
        try:
            before = self._all(client, name).get(uri, "0")
            client.sticker_set("song", uri, name, str(_number(before) + 1))
        except CommandError as error:  # a song outside MPD's music
            log.debug("%s keeps no stickers: %s", uri, error)

    def _all(self, client: MPDClient, name: str) -> Mapping[str, str]:
        """The values of a sticker by the songs that have it."""
        if not self._server.has_stickers:
            return {}
        try:
            found = client.sticker_find("song", "", name)
        except CommandError as error:
            log.debug("stickers cannot be read: %s", error)
            return {}
        return {one["file"]: one["sticker"].partition("=")[2] for one in found}


def _skips(emotion: Emotion) -> str:
    return f"jukebox_skips_{emotion}"


def _of_rating(value: str) -> float:
    rating = min(_number(value), FULL_RATING)
    return rating / AVERAGE_RATING if rating else 1.0


def _number(value: str) -> int:
    return int(value) if value.isdecimal() else 0

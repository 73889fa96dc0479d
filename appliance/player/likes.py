"""How often each song is drawn, from what people think of it: MPD's stickers tell."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

from mpd import CommandError, MPDClient

from appliance.player.capabilities import Capabilities
from appliance.records import Emotion

log = logging.getLogger("jukebox")

# As myMPD and Cantata keep them: like is 0 (dislike), 1 or 2 (like); rating is 0 (none) to 10.
LIKE = {"0": 0.02, "2": 2.0}
FULL_RATING = 10
AVERAGE_RATING = 5


class Likes:
    """The stickers of songs, if the server has any. No method raises for a server without them."""

    def __init__(self, capabilities: Capabilities) -> None:
        self._capabilities = capabilities

    def weights(self, client: MPDClient, emotion: Emotion) -> dict[str, float]:
        """How often songs are to be drawn, by uri, above 0; a song that is missing has weight 1."""
        weigh: dict[str, Callable[[str], float]] = {
            "like": lambda value: LIKE.get(value, 1.0),
            "rating": _of_rating,
            _skips(emotion): lambda value: 1.0 / (1 + _number(value)),
        }
        weights: dict[str, float] = {}
        for name, weight in weigh.items():
            for uri, value in self._all(client, name).items():
                weights[uri] = weights.get(uri, 1.0) * weight(value)
        return weights

    @staticmethod
    def of(uri: str, weights: Mapping[str, float]) -> float:
        """The weight of a song, also if its uri is the absolute path of a file in MPD's music."""
        parts = uri.split("/") if uri.startswith("/") else [uri]
        names = ("/".join(parts[begin:]) for begin in range(len(parts)))
        return next((weights[name] for name in names if name in weights), 1.0)

    def mark_skipped(self, client: MPDClient, uri: str, emotion: Emotion) -> None:
        """Count one more skip of this song by a person in this mood."""
        if not self._capabilities.has_stickers:
            return
        name = _skips(emotion)
        try:
            before = self._all(client, name).get(uri, "0")
            client.sticker_set("song", uri, name, str(_number(before) + 1))
        except CommandError as error:  # a song outside MPD's music directory
            log.debug("%s keeps no stickers: %s", uri, error)

    def _all(self, client: MPDClient, name: str) -> Mapping[str, str]:
        """The values of a sticker, by the uris of the songs that have it."""
        if not self._capabilities.has_stickers:
            return {}
        try:
            found = client.sticker_find("song", "", name)
        except CommandError as error:
            log.debug("stickers cannot be read: %s", error)
            return {}
        return {song["file"]: song["sticker"].partition("=")[2] for song in found}


def _skips(emotion: Emotion) -> str:
    return f"jukebox_skips_{emotion}"


def _of_rating(value: str) -> float:
    rating = min(_number(value), FULL_RATING)
    return rating / AVERAGE_RATING if rating else 1.0


def _number(value: str) -> int:
    return int(value) if value.isdecimal() else 0

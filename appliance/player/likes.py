"""How often each song is drawn, from what people think of it: MPD's stickers tell.

A skip fades: four weeks later it counts half, eight weeks later a quarter. The sticker with the
count bears no date, so another one holds the day of the last skip.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import date

from mpd import CommandError, MPDClient

from appliance.player.capabilities import Capabilities
from appliance.records import Emotion

log = logging.getLogger("jukebox")

# As myMPD and Cantata keep them: like is 0 (dislike), 1 or 2 (like); rating is 0 (none) to 10.
LIKE = {"0": 0.02, "2": 2.0}
FULL_RATING = 10
AVERAGE_RATING = 5
HALF_LIFE_DAYS = 28  # of a skip: tastes and seasons change over months, a bad day passes
FIRST_DAY = date(2024, 1, 1)  # a machine without a clock starts before this day

Today = Callable[[], date]


class Likes:
    """The stickers of songs, if the server has any. No method raises for a server without them.

    today: tells the date.
    """

    def __init__(self, capabilities: Capabilities, today: Today = date.today) -> None:
        self._capabilities = capabilities
        self._today = today

    def weights(self, client: MPDClient, emotion: Emotion) -> dict[str, float]:
        """How often songs are to be drawn, by uri, above 0; a song that is missing has weight 1."""
        weigh: dict[str, Callable[[str], float]] = {
            "like": lambda value: LIKE.get(value, 1.0),
            "rating": _of_rating,
        }
        weights: dict[str, float] = {}
        for name, weight in weigh.items():
            for uri, value in self._all(client, name).items():
                weights[uri] = weights.get(uri, 1.0) * weight(value)
        for uri, skips in self._all_skips(client, emotion).items():
            weights[uri] = weights.get(uri, 1.0) / (1.0 + skips)
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
        before = round(self._all_skips(client, emotion).get(uri, 0.0))
        try:
            client.sticker_set("song", uri, skips_sticker(emotion), str(before + 1))
            self._date_skip(client, uri, emotion)
        except CommandError as error:  # a song outside MPD's music directory
            log.debug("%s keeps no stickers: %s", uri, error)

    def _all_skips(self, client: MPDClient, emotion: Emotion) -> dict[str, float]:
        """How many skips each song has in this mood, as far as they have not faded."""
        counts = self._all(client, skips_sticker(emotion))
        days = self._all(client, skip_day_sticker(emotion)) if counts else {}
        skips: dict[str, float] = {}
        for uri, count in counts.items():
            last = _day(days.get(uri, ""))
            if last is None:
                with suppress(CommandError):  # counted by an earlier version: it fades from now on
                    self._date_skip(client, uri, emotion)
            age_days = max(0, (self._today() - last).days) if last else 0
            skips[uri] = _number(count) * 0.5 ** (age_days / HALF_LIFE_DAYS)
        return skips

    def _date_skip(self, client: MPDClient, uri: str, emotion: Emotion) -> None:
        """Note that the song was last skipped today, if the machine knows what day it is."""
        if (today := self._today()) >= FIRST_DAY:
            client.sticker_set("song", uri, skip_day_sticker(emotion), today.isoformat())

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


def skips_sticker(emotion: Emotion) -> str:
    """The name of the sticker with the number of skips in this mood."""
    return f"jukebox_skips_{emotion}"


def skip_day_sticker(emotion: Emotion) -> str:
    """The name of the sticker with the day of the last of these skips."""
    return f"jukebox_skip_day_{emotion}"


def _day(value: str) -> date | None:
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


def _of_rating(value: str) -> float:
    rating = min(_number(value), FULL_RATING)
    return rating / AVERAGE_RATING if rating else 1.0


def _number(value: str) -> int:
    return int(value) if value.isdecimal() else 0

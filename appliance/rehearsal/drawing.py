"""The simulated day as a picture: the true mood, the settled one, the music and the listener."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import groupby
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from appliance.errors import DataError
from appliance.records import EMOTIONS, Emotion
from appliance.rehearsal.day import Diary, Moment

Picture = npt.NDArray[np.uint8]  # (height, width, 3): blue, green, red
Colour = tuple[int, int, int]

LEFT_PX, DAY_PX, RIGHT_PX = 110, 1440, 30
ROW_PX, GAP_PX, TOP_PX, BOTTOM_PX = 64, 22, 24, 84
FONT = cv2.FONT_HERSHEY_SIMPLEX
DARK, PALE = (60, 50, 45), (225, 222, 220)
COLOURS: dict[Emotion, Colour] = {
    Emotion.ANGRY: (60, 60, 210),
    Emotion.DISGUST: (70, 150, 90),
    Emotion.FEAR: (170, 80, 140),
    Emotion.HAPPY: (60, 190, 245),
    Emotion.SAD: (190, 120, 60),
    Emotion.SURPRISE: (90, 140, 250),
    Emotion.NEUTRAL: (180, 176, 172),
}
ROWS: dict[str, Callable[[Moment], Emotion | None]] = {
    "true mood": lambda moment: moment.truth,
    "settled": lambda moment: moment.mood.emotion,
    "music": lambda moment: moment.music,
}


def draw(diary: Diary, path: Path) -> None:
    """Draws a diary into a PNG file. Raises DataError if it cannot be written."""
    width = LEFT_PX + DAY_PX + RIGHT_PX
    height = TOP_PX + (len(ROWS) + 1) * (ROW_PX + GAP_PX) + BOTTOM_PX
    picture = np.full((height, width, 3), 255, np.uint8)
    top = TOP_PX
    for name, value in ROWS.items():
        _words(picture, name, 8, top + ROW_PX // 2 + 5)
        for begin_s, end_s, emotion in _bands(diary, value):
            corners = (_x(diary, begin_s), top), (_x(diary, end_s), top + ROW_PX)
            colour = COLOURS[emotion] if emotion else PALE
            cv2.rectangle(picture, *corners, colour, cv2.FILLED)
        top += ROW_PX + GAP_PX
    _draw_listener(picture, diary, top)
    _draw_hours(picture, diary, top + ROW_PX + GAP_PX)
    _draw_key(picture, height - 24)
    if not cv2.imwrite(str(path), picture):
        raise DataError(f"{path}: cannot be written; is there such a folder?")


def _bands(
    diary: Diary, value: Callable[[Moment], Emotion | None]
) -> Iterator[tuple[float, float, Emotion | None]]:
    """(begin_s, end_s, value) of each stretch in which the value stays the same."""
    groups = [(what, next(same).time_s) for what, same in groupby(diary.moments, value)]
    ends_s = [begin_s for _, begin_s in groups[1:]] + [diary.script.length_s]
    for (what, begin_s), end_s in zip(groups, ends_s, strict=True):
        yield begin_s, end_s, what


def _draw_listener(picture: Picture, diary: Diary, top: int) -> None:
    """The listener's actions with their names, and a bar while the listener is in charge."""
    _words(picture, "listener", 8, top + ROW_PX // 2 + 5)
    for begin_s, end_s in _listener_in_charge(diary):
        corners = (_x(diary, begin_s), top), (_x(diary, end_s), top + 10)
        cv2.rectangle(picture, *corners, PALE, cv2.FILLED)
    actions = [action for action in diary.actions if not action.by_jukebox]
    for number, action in enumerate(actions):
        x = _x(diary, action.time_s)
        cv2.line(picture, (x, top), (x, top + ROW_PX), DARK, 2)
        _words(picture, action.what, x + 4, top + 28 + 18 * (number % 2))


def _listener_in_charge(diary: Diary) -> Iterator[tuple[float, float]]:
    """(begin_s, end_s) of each stretch in which the jukebox is not in charge."""
    for in_charge, same in groupby(diary.moments, lambda moment: moment.in_charge):
        if not in_charge:
            moments = list(same)
            yield moments[0].time_s, moments[-1].time_s


def _draw_hours(picture: Picture, diary: Diary, base: int) -> None:
    for hour in range(int(diary.script.length_s // 3600) + 1):
        x = _x(diary, 3600.0 * hour)
        cv2.line(picture, (x, base - GAP_PX), (x, base - GAP_PX + 6), DARK, 1)
        _words(picture, f"{hour} h", x - 10, base + 4)


def _draw_key(picture: Picture, base: int) -> None:
    x = LEFT_PX
    for emotion in EMOTIONS:
        cv2.rectangle(picture, (x, base - 13), (x + 16, base + 3), COLOURS[emotion], cv2.FILLED)
        _words(picture, emotion.value, x + 24, base)
        x += 130
    _words(picture, "pale: away, uncertain or silent; the listener is in charge", x, base)


def _x(diary: Diary, time_s: float) -> int:
    return LEFT_PX + round(DAY_PX * time_s / diary.script.length_s)


def _words(picture: Picture, text: str, x: int, y: int) -> None:
    cv2.putText(picture, text, (x, y), FONT, 0.45, DARK, 1, cv2.LINE_AA)

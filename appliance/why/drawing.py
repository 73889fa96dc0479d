"""Pictures of an explanation: the face, the pixels that spoke, and the seven probabilities."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from appliance.decide.phrases import PHRASES
from appliance.records import EMOTIONS, GrayImage
from appliance.why.explainer import Explanation, Heat

Picture = npt.NDArray[np.uint8]  # (height, width, 3): blue, green, red

FACE_PX = 256
MARGIN_PX = 20
TITLE_PX = 34
BARS_PX = 300
NAMES_PX = 90  # for the names of the emotions, within BARS_PX
FONT = cv2.FONT_HERSHEY_SIMPLEX
DARK, PALE, ACCENT = (60, 50, 45), (235, 232, 230), (30, 120, 235)


def sheet(explanations: Sequence[Explanation]) -> Picture:
    """A picture with a row for each face: as it was cut, with the pixels that spoke, and bars.

    explanations: at least one.
    """
    return np.vstack([_row(explanation) for explanation in explanations])


def overlay(image: GrayImage, heat: Heat, size_px: int) -> Picture:
    """The face, glowing where it spoke for the emotion: uint8 (size_px, size_px, 3).

    image: uint8 (height, width). heat: float32 (side, side), 0…1.
    """
    face = cv2.cvtColor(resized(image, size_px), cv2.COLOR_GRAY2BGR)
    warm = np.clip(cv2.resize(heat, (size_px, size_px), interpolation=cv2.INTER_CUBIC), 0, 1)
    colours = cv2.applyColorMap((255 * warm).astype(np.uint8), cv2.COLORMAP_INFERNO)
    opacity = 0.8 * warm**0.7  # the power lets the weaker half be seen, too
    return np.asarray(cv2.blendLinear(colours, face, opacity, 1 - opacity), np.uint8)


def resized(image: GrayImage, size_px: int) -> GrayImage:
    """A face as a square: uint8 (size_px, size_px). image: uint8 (height, width)."""
    method = cv2.INTER_AREA if image.shape[0] > size_px else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(image, (size_px, size_px), interpolation=method), np.uint8)


def _row(explanation: Explanation) -> Picture:
    width = 4 * MARGIN_PX + 2 * FACE_PX + BARS_PX
    row = np.full((TITLE_PX + FACE_PX + MARGIN_PX, width, 3), 255, np.uint8)
    best = EMOTIONS[int(np.argmax(explanation.scores.probabilities))]
    titles = PHRASES[best], f"what spoke for {explanation.emotion}", "how it looks"
    panels = (
        cv2.cvtColor(resized(explanation.image, FACE_PX), cv2.COLOR_GRAY2BGR),
        overlay(explanation.image, explanation.heat, FACE_PX),
        _bars(explanation),
    )
    left = MARGIN_PX
    for title, panel in zip(titles, panels, strict=True):
        cv2.putText(row, title, (left, TITLE_PX - 10), FONT, 0.55, DARK, 1, cv2.LINE_AA)
        row[TITLE_PX : TITLE_PX + FACE_PX, left : left + panel.shape[1]] = panel
        left += panel.shape[1] + MARGIN_PX
    return row


def _bars(explanation: Explanation) -> Picture:
    """The probabilities: (FACE_PX, BARS_PX, 3). The emotion that is explained stands out."""
    panel = np.full((FACE_PX, BARS_PX, 3), 255, np.uint8)
    step = FACE_PX / len(EMOTIONS)
    longest = BARS_PX - NAMES_PX - 50  # the rest is for the number behind the bar
    for number, emotion in enumerate(EMOTIONS):
        share = explanation.scores.probabilities[number]
        top, bottom = round(number * step + step * 0.2), round(number * step + step * 0.8)
        colour = ACCENT if emotion is explanation.emotion else DARK
        end = NAMES_PX + round(longest * share)
        cv2.rectangle(panel, (NAMES_PX, top), (NAMES_PX + longest, bottom), PALE, cv2.FILLED)
        cv2.rectangle(panel, (NAMES_PX, top), (end, bottom), colour, cv2.FILLED)
        base = bottom - 5
        cv2.putText(panel, emotion, (0, base), FONT, 0.5, colour, 1, cv2.LINE_AA)
        beside = NAMES_PX + longest + 6, base
        cv2.putText(panel, f"{share:.0%}", beside, FONT, 0.5, colour, 1, cv2.LINE_AA)
    return panel

"""What the camera sees, with what speaks for the look of the weightiest face, as it happens."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from contextlib import ExitStack, closing
from typing import TextIO

from appliance.build import build_camera, build_classifier, build_faces, emotion_model
from appliance.camera.reopening import ReopeningCamera
from appliance.records import Emotion, Frame
from appliance.settings import Settings
from appliance.why.explainer import Explainer, Explanation
from appliance.why.photo import as_json
from appliance.why.terminal import lines, redraw, second_screen

# At the slowest setting a second lies between two pictures.
LONGEST_WAIT_S = 1.5


def watch(
    settings: Settings,
    out: TextIO,
    *,
    emotion: Emotion | None = None,
    for_s: float | None = None,
    for_programs: bool = False,
) -> None:
    """Shows every look at the room until Ctrl-C, SIGTERM or for_s seconds; keeps no picture.

    out: a terminal; or, with for_programs, anything: it then gets a line of JSON for each look and
    no picture. Raises KeyboardInterrupt when it is ended, CameraError and ModelError.
    """
    reader, camera = _Reader(settings, emotion), build_camera(settings, reel_stands_in=True)
    with ExitStack() as at_end:
        # So that the terminal is left as it was, however this ends.
        before = signal.signal(signal.SIGTERM, signal.default_int_handler)
        at_end.callback(signal.signal, signal.SIGTERM, before)
        at_end.enter_context(closing(camera.open()))
        if not for_programs:
            at_end.enter_context(second_screen(out))
        for frame in _frames(camera, for_s):
            explanation = reader.explain(frame)
            if for_programs:
                out.write(json.dumps({"faces": [as_json(explanation)] if explanation else []}))
                out.write("\n")
                out.flush()
            else:
                redraw(out, lines(explanation) if explanation else [_nobody(camera)])


class _Reader:
    """Finds, reads and explains the weightiest face of each frame."""

    def __init__(self, settings: Settings, emotion: Emotion | None) -> None:
        self._explainer = Explainer(emotion_model(settings))
        self._classifier = build_classifier(settings)
        self._finder = build_faces(settings)
        self._emotion = emotion

    def explain(self, frame: Frame) -> Explanation | None:
        """Why it looks so; None if nobody is there."""
        scores = self._classifier.classify(frame, self._finder.find(frame))
        if frame.luma is None or not scores:
            return None
        weightiest = max(scores, key=lambda one: one.weight)
        return self._explainer.explain(frame.luma, weightiest, self._emotion)


def _frames(camera: ReopeningCamera, for_s: float | None) -> Iterator[Frame]:
    frame = camera.read(LONGEST_WAIT_S)
    ends_s = float("inf") if for_s is None else frame.time_s + for_s
    while frame.time_s < ends_s:
        yield frame
        frame = camera.read(LONGEST_WAIT_S)


def _nobody(camera: ReopeningCamera) -> str:
    return f"no picture: {camera.failure}" if camera.failure else "nobody is here"

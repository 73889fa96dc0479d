"""What the camera sees, and which pixels of the weightiest face speak, frame after frame."""

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
from appliance.vision.pictures import PictureAware
from appliance.why.explainer import Explainer, Explanation
from appliance.why.photo import as_json
from appliance.why.terminal import lines, redraw, second_screen

# At the slowest setting, frames come one second apart.
LONGEST_WAIT_S = 1.5


def watch(
    settings: Settings,
    out: TextIO,
    *,
    emotion: Emotion | None = None,
    for_s: float | None = None,
    for_programs: bool = False,
) -> None:
    """Shows every frame, explained, until Ctrl-C, SIGTERM or for_s seconds; keeps no picture.

    out: a terminal, or anything with for_programs, which writes a line of JSON for each frame and
    no picture. emotion: by default the likeliest one of each frame. Raises KeyboardInterrupt on
    Ctrl-C and SIGTERM, CameraError if no camera can be used, ModelError.
    """
    vision, camera = _Vision(settings, emotion), build_camera(settings, reel_stands_in=True)
    with ExitStack() as at_end:
        # So that the terminal is left as it was, however this ends.
        before = signal.signal(signal.SIGTERM, signal.default_int_handler)
        at_end.callback(signal.signal, signal.SIGTERM, before)
        at_end.enter_context(closing(camera.open()))
        if not for_programs:
            at_end.enter_context(second_screen(out))
        for frame in _frames(camera, for_s):
            explanation = vision.explain(frame)
            if for_programs:
                out.write(json.dumps({"faces": [as_json(explanation)] if explanation else []}))
                out.write("\n")
                out.flush()
            else:
                redraw(out, lines(explanation) if explanation else [_nobody(camera)])


class _Vision:
    """Finds, reads and explains the weightiest face of each frame."""

    def __init__(self, settings: Settings, emotion: Emotion | None) -> None:
        self._explainer = Explainer(emotion_model(settings))
        self._classifier = PictureAware(build_classifier(settings))
        self._faces = build_faces(settings)
        self._emotion = emotion

    def explain(self, frame: Frame) -> Explanation | None:
        """Why that face is read as it is; None without a face."""
        scores = self._classifier.classify(frame, self._faces.find(frame))
        if frame.luma is None or not scores:
            return None
        weightiest = max(scores, key=lambda score: score.weight)
        return self._explainer.explain(frame.luma, weightiest, self._emotion)


def _frames(camera: ReopeningCamera, for_s: float | None) -> Iterator[Frame]:
    """The frames of so many seconds; without end if for_s is None."""
    frame = camera.read(LONGEST_WAIT_S)
    ends_s = float("inf") if for_s is None else frame.time_s + for_s
    while frame.time_s < ends_s:
        yield frame
        frame = camera.read(LONGEST_WAIT_S)


def _nobody(camera: ReopeningCamera) -> str:
    return f"no picture: {camera.failure}" if camera.failure else "nobody is here"

"""The pipelines that are timed: the published one, and step by step what became of it."""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from appliance.bench.gender import GenderReader
from appliance.bench.timing import Benchmark
from appliance.build import build_classifier, build_faces, build_gender
from appliance.records import EmotionScores, Face, Frame
from appliance.settings import Settings
from appliance.vision.emotion import EmotionClassifier
from appliance.vision.faces import FollowingFaceDetector

Read = Callable[[Frame], object]


class Pipeline:
    """The box's eyes as it runs them, faces and emotion, and gender as the paper has it."""

    def __init__(self, settings: Settings, *, follow: bool) -> None:
        self.faces: FollowingFaceDetector = build_faces(settings, follow=follow)
        self.gender = GenderReader(build_gender(settings))
        self.emotion: EmotionClassifier = build_classifier(settings)

    def read(self, frame: Frame) -> object:
        """All of it for a frame."""
        found = self.faces.find(frame)
        return self.gender.read(frame, found), self.emotion.classify(frame, found)


class Stages:
    """The same, a stage at a time: each stage reads what the one before has left."""

    def __init__(self, box: Pipeline) -> None:
        self._box = box
        self._found: tuple[Face, ...] = ()
        self.scores: tuple[EmotionScores, ...] = ()

    def find(self, frame: Frame) -> None:
        """Where the faces are."""
        self._found = self._box.faces.find(frame)

    def gender(self, frame: Frame) -> None:
        """Whether they look male or female, when it is time to look."""
        self._box.gender.read(frame, self._found)

    def emotion(self, frame: Frame) -> None:
        """How they look."""
        self.scores = self._box.emotion.classify(frame, self._found)


def benchmarks(settings: Settings) -> dict[str, Benchmark]:
    """The rows of the table by name; those of the published pipeline where TensorFlow is there."""
    reference: dict[str, Benchmark] = {}
    if find_spec("tensorflow") and find_spec("convert"):
        made = reference_pipelines(settings)
        # A fifth of a second a frame, or a fiftieth: a few of them say as much as all.
        every = {"reference": 20, "reference_tflite": 5, "small_detector": 5}
        reference = {name: Benchmark(made[name], every[name]) for name in every}
    return {
        **reference,
        "every_frame": Benchmark(Pipeline(settings, follow=False).read),
        "steady_state": Benchmark(Pipeline(settings, follow=True).read),
    }


def reference_pipelines(settings: Settings) -> dict[str, Read]:
    """Those that need TensorFlow, by name; the workshop (convert) knows how to build them."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # or TensorFlow talks about every file
    # By name: the box must never need the workshop.
    workshop: Any = import_module("convert.reference")
    return dict(workshop.pipelines(settings.faces.min_score, settings.faces.min_height_px))

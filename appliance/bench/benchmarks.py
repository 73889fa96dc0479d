"""The pipelines that are timed: the published one, and step by step the jukebox's."""

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
    """Faces and emotion as the jukebox reads them, and gender as the paper does.

    follow: follow the faces from frame to frame, instead of detecting them in each. Raises
    ModelError.
    """

    def __init__(self, settings: Settings, *, follow: bool) -> None:
        self.faces: FollowingFaceDetector = build_faces(settings, follow=follow)
        self.gender = GenderReader(build_gender(settings))
        self.emotion: EmotionClassifier = build_classifier(settings)

    def read(self, frame: Frame) -> object:
        """Everything that is read in one frame."""
        found = self.faces.find(frame)
        return self.gender.read(frame, found), self.emotion.classify(frame, found)


class Stages:
    """A pipeline, one stage at a time; each stage takes what the one before has found.

    scores: the emotions in the last frame.
    """

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        self._faces: tuple[Face, ...] = ()
        self.scores: tuple[EmotionScores, ...] = ()

    def find(self, frame: Frame) -> None:
        """Finds the faces."""
        self._faces = self._pipeline.faces.find(frame)

    def gender(self, frame: Frame) -> None:
        """Reads whether a face looks male or female, if one is due."""
        self._pipeline.gender.read(frame, self._faces)

    def emotion(self, frame: Frame) -> None:
        """Reads the emotions of the faces."""
        self.scores = self._pipeline.emotion.classify(frame, self._faces)


def benchmarks(settings: Settings) -> dict[str, Benchmark]:
    """The rows of the table by name; those of the published pipeline only with TensorFlow.

    Raises ModelError.
    """
    reference: dict[str, Benchmark] = {}
    if find_spec("tensorflow") and find_spec("convert"):
        pipelines = reference_pipelines(settings)
        # These take a fifth or a fiftieth of a second a frame; a few frames say as much as all.
        every = {"reference": 20, "reference_tflite": 5, "small_detector": 5}
        reference = {name: Benchmark(pipelines[name], every[name]) for name in every}
    return {
        **reference,
        "every_frame": Benchmark(Pipeline(settings, follow=False).read),
        "steady_state": Benchmark(Pipeline(settings, follow=True).read),
    }


def reference_pipelines(settings: Settings) -> dict[str, Read]:
    """The pipelines that need TensorFlow, by name; `convert` knows how to build them."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # or TensorFlow prints about every file
    # Imported by its name in a text, because nothing in the jukebox may need `convert`.
    reference: Any = import_module("convert.reference")
    return dict(reference.pipelines(settings.faces.min_score, settings.faces.min_height_px))

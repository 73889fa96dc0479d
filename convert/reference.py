"""The published pipeline, to measure against: Haar cascade, emotion and gender by Keras.

It does what its authors' demonstration does (github.com/oarriaga/face_classification,
video_emotion_gender_demo.py): the whole frame to gray and to RGB, the cascade with scale 1.3 and 5
neighbours, and for each face one `predict` of each network, mini-Xception for 64×64 gray pixels and
a plain network of nine convolutions for 48×48 in colour. The weights are random, because they cost
as much time as trained ones. Nothing is drawn.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import keras
import numpy as np
import numpy.typing as npt
from keras import layers

from appliance.records import Frame
from appliance.vision.detectors import BlazeFace
from appliance.vision.faces import FollowingFaceDetector
from appliance.vision.interpreter import Interpreter
from convert.networks import mini_xception
from convert.published_blazeface import blazeface_model
from convert.quantize import to_float32
from convert.train import use_threads

# By how much more than the cascade's box is cut (left and right, above and below), in pixels.
EMOTION_MARGINS, GENDER_MARGINS = (20, 40), (30, 60)

Pixels = npt.NDArray[np.uint8]
Predict = Callable[[npt.NDArray[np.float32]], Any]
Box = tuple[int, int, int, int]  # x, y, width, height


def pipelines(min_score: float, min_height_px: int) -> dict[str, Callable[[Frame], object]]:
    """Three pipelines by name: as published, with its networks in TFLite, and with BlazeFace, too.

    min_score: 0…1 and min_height_px: of BlazeFace. Raises ModelError if BlazeFace is not installed.
    """
    use_threads(1)
    emotion, gender = mini_xception(64), simple_cnn()
    published = Pipeline(
        _cascade(),
        lambda faces: emotion.predict(faces, verbose=0),
        lambda faces: gender.predict(faces, verbose=0),
    )
    networks = [Interpreter(to_float32(network)) for network in (emotion, gender)]
    small = FollowingFaceDetector(
        BlazeFace(blazeface_model()), min_score=min_score, min_height_px=min_height_px
    )

    def find(_gray: Pixels, frame: Frame) -> list[Box]:
        boxes = [face.box for face in small.find(frame)]
        return [(box.x, box.y, box.width, box.height) for box in boxes]

    return {
        "reference": published.read,
        "reference_tflite": Pipeline(_cascade(), networks[0].run, networks[1].run).read,
        "small_detector": Pipeline(find, networks[0].run, networks[1].run).read,
    }


class Pipeline:
    """What the demonstration does for a frame, without the drawing."""

    def __init__(
        self, find: Callable[[Pixels, Frame], list[Box]], emotion: Predict, gender: Predict
    ) -> None:
        self._find, self._emotion, self._gender = find, emotion, gender

    def read(self, frame: Frame) -> list[tuple[Any, Any]]:
        """(emotion, gender) of each face, as the networks answer; nothing without a picture."""
        if frame.luma is None:
            return []
        # A camera gives colour. Converting the gray frame back to colour adds 0.03 ms.
        colour = cv2.cvtColor(frame.luma, cv2.COLOR_GRAY2BGR)
        gray = np.asarray(cv2.cvtColor(colour, cv2.COLOR_BGR2GRAY), np.uint8)
        rgb = np.asarray(cv2.cvtColor(colour, cv2.COLOR_BGR2RGB), np.uint8)
        return [
            (
                self._emotion(_input(gray, box, EMOTION_MARGINS, 64)[..., np.newaxis]),
                self._gender(_input(rgb, box, GENDER_MARGINS, 48)),
            )
            for box in self._find(gray, frame)
        ]


def simple_cnn() -> keras.Model:
    """The authors' network for gender: pairs of convolutions, halved four times, then averaged."""
    x = image = keras.Input((48, 48, 3))
    for width, kernel in ((16, 7), (32, 5), (64, 3), (128, 3)):
        for _ in range(2):
            x = layers.BatchNormalization()(layers.Conv2D(width, kernel, padding="same")(x))
        x = layers.AveragePooling2D(2, padding="same")(layers.ReLU()(x))
    x = layers.BatchNormalization()(layers.Conv2D(256, 3, padding="same")(x))
    x = layers.GlobalAveragePooling2D()(layers.Conv2D(2, 3, padding="same")(x))
    return keras.Model(image, {"gender": layers.Softmax()(x)}, name="simple_cnn")


def _cascade() -> Callable[[Pixels, Frame], list[Box]]:
    file = Path(cv2.__file__).parent / "data" / "haarcascade_frontalface_default.xml"
    cascade = cv2.CascadeClassifier(str(file))

    def find(gray: Pixels, _frame: Frame) -> list[Box]:
        return [(x, y, width, height) for x, y, width, height in
                cascade.detectMultiScale(gray, 1.3, 5)]  # fmt: skip

    return find


def _input(
    image: Pixels, box: Box, margins: tuple[int, int], size_px: int
) -> npt.NDArray[np.float32]:
    """A face as a network takes it, float32 (1, size_px, size_px) or with colours, in -1…1."""
    x, y, width, height = box
    across, down = margins
    top, left = max(0, y - down), max(0, x - across)
    face = cv2.resize(image[top : y + height + down, left : x + width + across], (size_px, size_px))
    return (face.astype(np.float32) / np.float32(127.5) - np.float32(1.0))[np.newaxis]

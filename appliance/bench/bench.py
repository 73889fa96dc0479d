"""All figures of one run of `jukebox bench`, as JSON knows them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import asdict, replace
from typing import Any

import cv2
import numpy as np

from appliance.bench import daemon, machine
from appliance.bench.benchmarks import Pipeline, Stages, benchmarks
from appliance.bench.timing import Benchmark, Times, measure
from appliance.build import build_camera
from appliance.camera import reel
from appliance.decide.mood import HmmMoodFilter
from appliance.errors import CameraError
from appliance.records import Frame, GrayImage
from appliance.settings import Settings
from appliance.vision.cards import MODELS, card_fields
from appliance.vision.interpreter import Interpreter

# From and to in the demo reel: one person is in the picture and changes expression.
ALONE_S = (48.0, 84.0)
WARM_UP_S = 3.0  # of the camera's time; these frames are not counted
# The comparison that the paper makes, between its first and its second design, and the networks
# that the jukebox runs in their place.
NETWORKS = (
    "sequential_cnn_float32",
    "sequential_cnn_int8",
    "mini_xception_float32",
    "mini_xception_int8",
    "emotion_float32",
    "emotion_int8",
    "emotion_float32_single",
    "emotion_int8_single",
)
# Networks whose accuracy is told beside the times.
JUDGED = ("emotion_int8", "emotion_int8_single", "emotion_float32_single", "gender_int8")
CAMERA_WAIT_S = 6.0


def bench(
    settings: Settings,
    count: int,
    camera: str | None = None,
    *,
    daemon_s: float = 10.0,
    tell: Callable[[str], object] = lambda _what: None,
) -> dict[str, Any]:
    """The figures of `jukebox bench`, as JSON knows them.

    count: how many frames. camera: their source, by default the demo reel. daemon_s:
    how many seconds to watch the whole daemon. tell: gets the name of what is measured next.
    Raises ModelError, CameraError if the camera gives too few pictures, or JukeboxError if the
    daemon does not work.
    """
    cv2.setNumThreads(1)
    rate = settings.camera.frames_per_second
    tell(f"{count} frames at {rate:g} a second")
    frames = _filmed(settings, camera, count) if camera else _of_the_reel(settings, count)
    warm_up = min(count // 4, round(WARM_UP_S * rate))
    times = measure(benchmarks(settings), frames, warm_up)
    tell("stage by stage")
    stages = _stages(settings, frames, warm_up)
    tell("networks")
    networks = _networks()
    tell("the daemon")
    return {
        "frames": f"{camera or 'the demo reel'}, {_size(frames[0])}, {rate:g} a second",
        "machine": machine.describe(),
        **{name: _row(of_one, times) for name, of_one in times.items()},
        "stages": {name: asdict(stage) for name, stage in stages.items()},
        "networks": networks,
        "sequential_to_box": _ratios(networks),
        "frames_per_second_sustained": round(1000 / times["steady_state"].mean_ms),
        "core_percent_of_looking": round(times["steady_state"].mean_ms * rate / 10, 3),
        "daemon": asdict(daemon.watch(settings, daemon_s)),
        "quality": _quality(),
    }


def _row(times: Times, all_times: dict[str, Times]) -> dict[str, Any]:
    """The times of one pipeline, and how many times faster it is than the published one."""
    reference = all_times.get("reference")
    ratio = round(reference.p50_ms / times.p50_ms, 1) if reference else None
    return {**asdict(times), "ratio_to_reference": ratio}


def _stages(settings: Settings, frames: Sequence[Frame], warm_up: int) -> dict[str, Times]:
    """The times of each part of the steady state, and of the mood filter after it."""
    pipeline = Pipeline(settings, follow=True)
    stages, mood = Stages(pipeline), HmmMoodFilter(settings.mood, pipeline.emotion.priors)
    parts = {
        "find": Benchmark(stages.find),
        "gender": Benchmark(stages.gender),
        "emotion": Benchmark(stages.emotion),
        "mood": Benchmark(lambda frame: mood.update(frame.time_s, stages.scores)),
    }
    return measure(parts, frames, warm_up)


def _networks() -> dict[str, float]:
    """Milliseconds of one run of each network that is there: the median of 200 runs in turn."""
    files = {name: MODELS / f"{name}.tflite" for name in NETWORKS}
    runs = {
        name: Benchmark(_run(Interpreter(path))) for name, path in files.items() if path.exists()
    }
    frames = [Frame(0.0, 0.0, None)] * 220
    return {name: times.p50_ms for name, times in measure(runs, frames, 20).items()}


def _run(network: Interpreter) -> Callable[[Frame], object]:
    face = np.zeros(network.input_shape, np.float32)
    return lambda _frame: network.run(face)


def _ratios(took_ms: dict[str, float]) -> dict[str, float]:
    """How many times faster the jukebox's network is than the paper's first design.

    "paper": how many times faster the paper's second design is, as published. All of them read a
    face six times.
    """
    first = took_ms["sequential_cnn_float32"]
    return {
        "box_int8_to_float32": round(first / took_ms["emotion_int8"], 2),
        "both_float32": round(first / took_ms["emotion_float32"], 2),
        "both_int8": round(took_ms["sequential_cnn_int8"] / took_ms["emotion_int8"], 2),
        "paper": 1.5,
    }


def _quality() -> dict[str, Any]:
    """The accuracy of the networks that were timed, from their cards."""
    cards = {name: card_fields(MODELS / f"{name}.tflite") for name in (*JUDGED, "blazeface_search")}
    told = {
        name: {
            split: {head: figures["accuracy"] for head, figures in heads.items()}
            for split, heads in card["accuracy"].items()
        }
        for name, card in cards.items()
        if "accuracy" in card
    }
    return told | {
        "tracker_float32": card_fields(MODELS / "tracker_float32.tflite").get("held_out"),
        "blazeface": cards["blazeface_search"].get("measured"),
    }


def _of_the_reel(settings: Settings, count: int) -> list[Frame]:
    """Frames of one person, forward and backward again, as large as the camera's pictures."""
    rate = settings.camera.frames_per_second
    size = settings.camera.width_px, settings.camera.height_px
    steps = round((ALONE_S[1] - ALONE_S[0]) * rate)
    pictures = [cv2.resize(reel.frame_at(ALONE_S[0] + n / rate), size) for n in range(steps)]
    there_and_back = [*range(steps), *range(steps - 2, 0, -1)]
    order = (there_and_back[n % len(there_and_back)] for n in range(count))
    return [
        Frame(n / rate, 0.0, np.asarray(pictures[number], np.uint8))
        for n, number in enumerate(order)
    ]


def _filmed(settings: Settings, source: str, count: int) -> list[Frame]:
    """So many frames of a camera. Raises CameraError if it gives no picture for a while."""
    camera = replace(settings.camera, source=source)
    frames: list[Frame] = []
    with closing(build_camera(replace(settings, camera=camera)).open()) as opened:
        while len(frames) < count:
            frame = opened.read(CAMERA_WAIT_S)
            if frame.luma is None:
                raise opened.failure or CameraError(
                    f"{source}: no picture in {CAMERA_WAIT_S:.0f} s"
                )
            frames.append(frame)
    return frames


def _size(frame: Frame) -> str:
    luma: GrayImage = frame.luma if frame.luma is not None else np.zeros((0, 0), np.uint8)
    return f"{luma.shape[1]}×{luma.shape[0]}"

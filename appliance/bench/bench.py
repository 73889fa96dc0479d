"""All figures of one run, as JSON knows them."""

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

# Of the reel: one person in the picture, whose feelings change.
ALONE_S = (48.0, 84.0)
WARM_UP_S = 3.0
# The paper's comparison: its first design and its second, and what the box runs in their place.
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
    """The figures of `jukebox bench`, as JSON knows them. Raises JukeboxError.

    count: frames; camera: their source, by default the demo reel. daemon_s: how long to watch the
    whole daemon. tell: hears what is measured now.
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
        **{name: _row(each, times) for name, each in times.items()},
        "stages": {name: asdict(each) for name, each in stages.items()},
        "networks": networks,
        "sequential_to_box": _ratios(networks),
        "frames_per_second_sustained": round(1000 / times["steady_state"].mean_ms),
        "core_percent_of_looking": round(times["steady_state"].mean_ms * rate / 10, 3),
        "daemon": asdict(daemon.watch(settings, daemon_s)),
        "quality": _quality(),
    }


def _row(times: Times, all_times: dict[str, Times]) -> dict[str, Any]:
    reference = all_times.get("reference")
    ratio = round(reference.p50_ms / times.p50_ms, 1) if reference else None
    return {**asdict(times), "ratio_to_reference": ratio}


def _stages(settings: Settings, frames: Sequence[Frame], warm_up: int) -> dict[str, Times]:
    """The steady state in its parts, and the mood that comes after it."""
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
    """Milliseconds of one run of each network, the median of runs in turn."""
    files = {name: MODELS / f"{name}.tflite" for name in NETWORKS}
    runs = {
        name: Benchmark(_run(Interpreter(path))) for name, path in files.items() if path.exists()
    }
    frames = [Frame(0.0, 0.0, None)] * 220
    return {name: each.p50_ms for name, each in measure(runs, frames, 20).items()}


def _run(network: Interpreter) -> Callable[[Frame], object]:
    face = np.zeros(network.input_shape, np.float32)
    return lambda _frame: network.run(face)


def _ratios(took_ms: dict[str, float]) -> dict[str, float]:
    """How much faster than the paper's first design its second is, and the box's network.

    All look at a face as often, six times.
    """
    first = took_ms["sequential_cnn_float32"]
    return {
        "box_int8_to_float32": round(first / took_ms["emotion_int8"], 2),
        "both_float32": round(first / took_ms["emotion_float32"], 2),
        "both_int8": round(took_ms["sequential_cnn_int8"] / took_ms["emotion_int8"], 2),
        "paper": 1.5,
    }


def _quality() -> dict[str, Any]:
    """What the files that were timed are worth, from their cards."""
    cards = {name: card_fields(MODELS / f"{name}.tflite") for name in (*JUDGED, "blazeface_search")}
    told = {
        name: {
            split: {head: one["accuracy"] for head, one in heads.items()}
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
    """One person's minute, forward and back again, as large as the camera's pictures."""
    rate = settings.camera.frames_per_second
    size = settings.camera.width_px, settings.camera.height_px
    steps = round((ALONE_S[1] - ALONE_S[0]) * rate)
    shown = [cv2.resize(reel.frame_at(ALONE_S[0] + n / rate), size) for n in range(steps)]
    there_and_back = [*range(steps), *range(steps - 2, 0, -1)]
    return [
        Frame(n / rate, 0.0, np.asarray(shown[there_and_back[n % len(there_and_back)]], np.uint8))
        for n in range(count)
    ]


def _filmed(settings: Settings, source: str, count: int) -> list[Frame]:
    """What a camera shows now. Raises CameraError."""
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

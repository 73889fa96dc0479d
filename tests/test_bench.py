"""jukebox bench: times taken in turn, the rows of its table, and the settings of its profiles."""

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from appliance.bench import machine
from appliance.bench.gender import GenderReader
from appliance.bench.timing import Benchmark, Times, measure
from appliance.commands.bench import PROFILES, table
from appliance.config import loading as config
from appliance.records import Box, Face, Frame
from appliance.settings import Settings

PROJECT = Path(__file__).resolve().parents[1]
ROWS = ("reference", "reference_tflite", "small_detector", "every_frame", "steady_state")


def frames(count):
    return [Frame(number / 10, 0.0, None) for number in range(count)]


class Work:
    """A clock, and work that takes its time by it."""

    def __init__(self):
        self.now_s, self.done = 0.0, []

    def clock(self):
        return self.now_s

    def benchmark(self, name, took_s, every=1):
        def read(frame):
            self.done.append((name, round(frame.time_s * 10)))
            self.now_s += took_s

        return Benchmark(read, every)


def test_pipelines_get_their_frames_in_turn():
    work = Work()
    benchmarks = {
        "fast": work.benchmark("fast", 0.001),
        "slow": work.benchmark("slow", 0.1, every=20),
    }
    measure(benchmarks, frames(40), 0, work.clock)
    names = [name for name, _ in work.done]
    assert names == 2 * (20 * ["fast"] + ["slow"])
    for name, count in (("fast", 40), ("slow", 2)):
        numbers = [number for whose, number in work.done if whose == name]
        assert numbers == [n * 40 // count for n in range(count)]


def test_what_warms_up_is_not_counted():
    work = Work()
    times = measure(
        {"one": work.benchmark("one", 0.001), "other": work.benchmark("other", 0.1)},
        frames(10),
        4,
        work.clock,
    )
    assert (times["one"].frames, times["one"].p50_ms) == (6, 1.0)
    assert (times["other"].frames, times["other"].mean_ms) == (6, 100.0)


def test_rare_long_frames_are_in_the_mean_and_the_tail_but_not_in_the_median():
    times = Times.of([0.0002] * 90 + [0.003] * 10)
    assert times.p50_ms == 0.2
    assert times.p95_ms == times.p99_ms == 3.0
    assert times.mean_ms == pytest.approx(0.48)


@pytest.mark.parametrize("name", ["i5", "pi"])
def test_profiles_are_settings_files_that_change_something(name):
    file = PROFILES / f"{name}.toml"
    settings = config.parse(file.read_bytes(), str(file))
    assert settings != Settings()
    assert settings.mpd == Settings().mpd


def test_the_reference_profile_is_that_of_the_paper():
    file = PROFILES / "i5.toml"
    camera = config.parse(file.read_bytes(), str(file)).camera
    assert (camera.width_px, camera.height_px) == (640, 480)


def test_the_machine_is_named():
    told = machine.describe()
    assert told["processor"]
    assert told["threads"] == 1
    assert "ai-edge-litert" in told["runtime"] or "tflite-runtime" in told["runtime"]


class CountingClassifier:
    """Counts the faces that it reads."""

    def __init__(self):
        self.count = 0

    def classify(self, luma, face):
        self.count += 1
        return (0.9, 0.1)


@pytest.mark.parametrize(("seconds", "samples"), [(5, 5), (8, 8), (60, 13)])
def test_gender_is_read_once_a_second_and_after_eight_samples_every_ten(seconds, samples):
    classifier = CountingClassifier()
    reader, face = GenderReader(classifier), Face(Box(0, 0, 50, 50), 1.0, 1)
    for number in range(10 * seconds):
        reader.read(Frame(number / 10, 0.0, np.zeros((60, 60), np.uint8)), [face])
    assert classifier.count == samples


@pytest.mark.parametrize(("gone_s", "samples"), [(1.8, 1), (2.2, 2)])
def test_a_face_that_was_gone_for_two_seconds_is_read_anew(gone_s, samples):
    classifier = CountingClassifier()
    reader, face = GenderReader(classifier), Face(Box(0, 0, 50, 50), 1.0, 1)
    luma = np.zeros((60, 60), np.uint8)
    for number in range(80):  # until it is read every ten seconds
        reader.read(Frame(number / 10, 0.0, luma), [face])
    before = classifier.count
    reader.read(Frame(7.9 + gone_s / 2, 0.0, luma), [])
    reader.read(Frame(7.9 + gone_s, 0.0, luma), [])
    reader.read(Frame(8.0 + gone_s, 0.0, luma), [face])
    assert classifier.count - before == samples - 1


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    """`jukebox bench` over a few frames, as a process of its own."""
    folder = tmp_path_factory.mktemp("bench")
    file = folder / "jukebox.toml"
    file.write_text(f'[store]\npath = "{folder}/jukebox.db"\n')
    command = [sys.executable, "-c", "from appliance.cli import main; raise SystemExit(main())"]
    command += ["bench", "--profile", "i5", "--json", "--frames", "60", "--daemon", "0.5"]
    done = subprocess.run(
        [*command, "--config", file],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.timeout(400)
def test_there_is_one_object_a_row(result):
    has_reference = bool(find_spec("tensorflow"))
    there = [row for row in ROWS if row in result]
    assert there == list(ROWS if has_reference else ROWS[3:])
    for row in there:
        assert 0.0 < result[row]["p50_ms"] <= result[row]["p95_ms"] <= result[row]["p99_ms"]
        assert (result[row]["ratio_to_reference"] is not None) == has_reference


def test_following_faces_is_the_fastest_row(result):
    assert result["steady_state"]["p50_ms"] < result["every_frame"]["p50_ms"]
    if "reference" in result:
        assert result["steady_state"]["ratio_to_reference"] > 100


def test_the_accuracy_of_the_networks_is_beside_the_times(result):
    quality = result["quality"]
    assert quality["emotion_int8_single"]["PublicTest"]["ferplus"] > 0.7
    assert quality["emotion_int8"]["PublicTest"]["ferplus"] > 0.7
    assert quality["tracker_float32"]["kept"] > 0.8
    assert set(result["stages"]) == {"find", "gender", "emotion", "mood"}


def test_the_daemon_was_watched(result):
    daemon = result["daemon"]
    assert 0.0 < daemon["first_look_s"] <= daemon["first_mood_s"]
    assert 20.0 < daemon["memory_mb"] < 300.0


def test_the_table_shows_every_row(result):
    lines = "\n".join(table(result))
    assert "following, and gender" in lines
    assert ("as published" in lines) == ("reference" in result)
    assert result["machine"]["processor"] in lines

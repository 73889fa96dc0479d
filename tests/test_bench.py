"""jukebox bench: times taken in turn, the rows of its table, and the settings of its profiles."""

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from appliance.bench import machine
from appliance.bench.timing import BLOCK, Benchmark, Times, measure
from appliance.commands.bench import PROFILES, table
from appliance.config import loading as config
from appliance.records import Frame
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

    def lane(self, name, took_s, every=1):
        def read(frame):
            self.done.append((name, round(frame.time_s * 10)))
            self.now_s += took_s

        return Benchmark(read, every)


def test_pipelines_get_their_frames_in_turn():
    work = Work()
    benchmarks = {"fast": work.lane("fast", 0.001), "slow": work.lane("slow", 0.1, every=BLOCK)}
    measure(benchmarks, frames(2 * BLOCK), 0, work.clock)
    names = [name for name, _ in work.done]
    assert names == 2 * (BLOCK * ["fast"] + ["slow"])
    for name, count in (("fast", 2 * BLOCK), ("slow", 2)):
        numbers = [number for each, number in work.done if each == name]
        assert numbers == [n * 2 * BLOCK // count for n in range(count)]


def test_what_warms_up_is_not_counted():
    work = Work()
    times = measure(
        {"one": work.lane("one", 0.001), "other": work.lane("other", 0.1)},
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


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    """`jukebox bench` over a few frames, as a process of its own."""
    folder = tmp_path_factory.mktemp("bench")
    file = folder / "jukebox.toml"
    file.write_text(f'[store]\npath = "{folder}/jukebox.db"\n')
    command = [sys.executable, "-c", "from appliance.cli import main; raise SystemExit(main())"]
    command += ["bench", "--profile", "i5", "--json", "--frames", "60", "--daemon", "0.5"]
    done = subprocess.run(
        [*command, "--config", file], cwd=PROJECT, capture_output=True, text=True, check=False
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


def test_the_box_is_the_fastest_row(result):
    assert result["steady_state"]["p50_ms"] < result["every_frame"]["p50_ms"]
    if "reference" in result:
        assert result["steady_state"]["ratio_to_reference"] > 100


def test_beside_the_times_stands_what_they_are_worth(result):
    quality = result["quality"]
    assert quality["emotion_int8_single"]["PublicTest"]["ferplus"] > 0.7
    assert quality["emotion_int8"]["PublicTest"]["ferplus"] > 0.7
    assert quality["tracker_float32"]["kept"] > 0.8
    assert set(result["stages"]) == {"find", "gender", "emotion", "mood"}


def test_the_daemon_was_watched(result):
    daemon = result["daemon"]
    assert 0.0 < daemon["first_look_s"] <= daemon["first_mood_s"]
    assert 20.0 < daemon["memory_mb"] < 300.0


def test_the_table_tells_every_row(result):
    lines = "\n".join(table(result))
    assert "following, and gender" in lines
    assert ("as published" in lines) == ("reference" in result)
    assert result["machine"]["processor"] in lines

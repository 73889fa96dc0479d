"""The faster kind of network: timed once, stored, timed again when anything has changed."""

import json
import shutil
from itertools import chain, cycle
from pathlib import Path

import pytest

from appliance import build
from appliance.errors import ModelError
from appliance.settings import EmotionSettings, Settings, StoreSettings
from appliance.vision import precision

MODELS = Path(__file__).parent.parent / "models"


class Clock:
    """Each reading after the first is a step later, in turn by these seconds."""

    def __init__(self, *steps_s):
        self.steps_s = chain([0.0], cycle(steps_s))
        self.now_s = 0.0

    def __call__(self):
        self.now_s += next(self.steps_s)
        return self.now_s


@pytest.fixture
def files(tmp_path):
    """One network as two kinds of file, so that only the clock tells them apart."""
    for kind in ("int8", "float32"):
        for suffix in (".tflite", ".json"):
            shutil.copy(MODELS / f"emotion_int8_single{suffix}", tmp_path / f"{kind}{suffix}")
    return {kind: tmp_path / f"{kind}.tflite" for kind in ("int8", "float32")}


# In a round the clock is read five times: for the end of the time, then before and after each kind.
INT8_IS_SLOW = 0.0, 0.0, 0.03, 0.0, 0.01
INT8_IS_FAST = 0.0, 0.0, 0.01, 0.0, 0.03


@pytest.mark.parametrize(("steps", "kind"), [(INT8_IS_SLOW, "float32"), (INT8_IS_FAST, "int8")])
def test_the_faster_kind_is_chosen(files, tmp_path, steps, kind):
    times = precision.timed(files, Clock(*steps))
    assert min(times, key=times.get) == kind
    assert sum(times.values()) == pytest.approx(40.0)


@pytest.mark.parametrize(("step_s", "rounds"), [(0.002, 5), (1.0, 3)])
def test_the_kinds_run_for_a_twentieth_of_a_second_and_at_least_three_times(files, step_s, rounds):
    clock = Clock(step_s)
    precision.timed(files, clock)
    assert clock.now_s == pytest.approx((5 * rounds + 1) * step_s)


def test_what_was_measured_holds_without_a_clock(files, tmp_path):
    result = tmp_path / "precision.json"
    found = precision.fastest(files, result)
    other = {"int8": "float32", "float32": "int8"}[found]
    measured = json.loads(result.read_text())
    assert set(measured["took_ms"]) == set(files)
    result.write_text(json.dumps(measured | {"kind": other}))
    assert precision.fastest(files, result, clock=None) == other


@pytest.mark.heavy
@pytest.mark.parametrize(
    "change",
    [
        lambda measured: measured | {"about": measured["about"] | {"processor": "another"}},
        lambda measured: measured | {"about": measured["about"] | {"int8": "another file"}},
        lambda measured: measured | {"kind": "int4"},
        lambda _measured: [],
    ],
)
def test_the_kinds_are_timed_again_when_anything_has_changed(files, tmp_path, change):
    result = tmp_path / "precision.json"
    precision.fastest(files, result)
    measured = json.loads(result.read_text())
    result.write_text(json.dumps(change(measured)))
    precision.fastest(files, result)
    assert json.loads(result.read_text())["about"] == measured["about"]


def test_a_damaged_network_is_refused_before_it_runs(files, tmp_path):
    content = bytearray(files["int8"].read_bytes())
    content[len(content) // 2] ^= 1
    files["int8"].write_bytes(content)
    with pytest.raises(ModelError, match="is damaged"):
        precision.fastest(files, tmp_path / "precision.json", clock=None)


def test_a_result_that_cannot_be_written_does_no_harm(files, tmp_path):
    assert precision.fastest(files, tmp_path / "no folder" / "precision.json") in files


def test_the_only_kind_that_is_there_needs_no_timing(files, tmp_path):
    files["int8"].unlink()
    assert precision.fastest(files, tmp_path / "precision.json", clock=None) == "float32"


@pytest.mark.parametrize("kind", ["int8", "float32"])
def test_what_is_set_is_what_runs(tmp_path, kind):
    settings = Settings(
        emotion=EmotionSettings(precision=kind), store=StoreSettings(str(tmp_path / "j.db"))
    )
    assert build.build_classifier(settings).name == f"emotion_{kind}_single"
    assert build.build_classifier(settings, still=True).name == f"emotion_{kind}"
    assert not (tmp_path / "precision.json").exists()


def test_the_jukebox_stores_the_result_beside_its_history(tmp_path):
    settings = Settings(store=StoreSettings(str(tmp_path / "j.db")))
    name = build.build_classifier(settings).name
    kind = json.loads((tmp_path / "precision.json").read_text())["kind"]
    assert name == f"emotion_{kind}_single"

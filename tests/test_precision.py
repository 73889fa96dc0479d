"""The faster kind of network: timed once, remembered, timed anew when anything has changed."""

import json
import shutil
from itertools import chain, cycle
from pathlib import Path

import pytest

from appliance import build as devices
from appliance.settings import EmotionSettings, Settings, StoreSettings
from appliance.vision import precision

MODELS = Path(__file__).parent.parent / "models"


class Clock:
    """Every look at it after the first is a step later, in turn by these seconds."""

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
        shutil.copy(MODELS / "emotion_int8_single.tflite", tmp_path / f"{kind}.tflite")
    return {kind: tmp_path / f"{kind}.tflite" for kind in ("int8", "float32")}


# In a round the clock is looked at five times: is it time to end?, then before and after each kind.
INT8_IS_SLOW = 0.0, 0.0, 0.03, 0.0, 0.01
INT8_IS_FAST = 0.0, 0.0, 0.01, 0.0, 0.03


@pytest.mark.parametrize(("steps", "kind"), [(INT8_IS_SLOW, "float32"), (INT8_IS_FAST, "int8")])
def test_the_faster_kind_is_chosen(files, tmp_path, steps, kind):
    times = precision.timed(files, Clock(*steps))
    assert min(times, key=times.get) == kind
    assert sum(times.values()) == pytest.approx(40.0)


def test_what_was_found_is_believed_without_a_clock(files, tmp_path):
    memory = tmp_path / "precision.json"
    found = precision.fastest(files, memory)
    other = {"int8": "float32", "float32": "int8"}[found]
    said = json.loads(memory.read_text())
    assert set(said["took_ms"]) == set(files)
    memory.write_text(json.dumps(said | {"kind": other}))
    assert precision.fastest(files, memory, clock=None) == other


@pytest.mark.parametrize(
    "change",
    [
        lambda said: said | {"about": said["about"] | {"processor": "another"}},
        lambda said: said | {"about": said["about"] | {"int8": "another file"}},
        lambda said: said | {"kind": "int4"},
        lambda said: [],
    ],
)
def test_it_is_timed_anew_when_anything_has_changed(files, tmp_path, change):
    memory = tmp_path / "precision.json"
    precision.fastest(files, memory)
    said = json.loads(memory.read_text())
    memory.write_text(json.dumps(change(said)))
    precision.fastest(files, memory)
    assert json.loads(memory.read_text())["about"] == said["about"]


def test_a_memory_that_cannot_be_written_does_no_harm(files, tmp_path):
    assert precision.fastest(files, tmp_path / "no folder" / "precision.json") in files


def test_the_only_kind_that_is_there_needs_no_timing(files, tmp_path):
    files["int8"].unlink()
    assert precision.fastest(files, tmp_path / "precision.json", clock=None) == "float32"


@pytest.mark.parametrize("kind", ["int8", "float32"])
def test_what_is_set_is_what_runs(tmp_path, kind):
    settings = Settings(
        emotion=EmotionSettings(precision=kind), store=StoreSettings(str(tmp_path / "j.db"))
    )
    assert devices.build_classifier(settings).name == f"emotion_{kind}_single"
    assert devices.build_classifier(settings, still=True).name == f"emotion_{kind}"
    assert not (tmp_path / "precision.json").exists()


def test_the_box_remembers_beside_its_history(tmp_path):
    settings = Settings(store=StoreSettings(str(tmp_path / "j.db")))
    name = devices.build_classifier(settings).name
    kind = json.loads((tmp_path / "precision.json").read_text())["kind"]
    assert name == f"emotion_{kind}_single"

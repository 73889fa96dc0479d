"""Each builder reads the sections that it names, and every section has a reader."""

from dataclasses import fields, replace

import pytest

from appliance import build
from appliance.build import Builder
from appliance.settings import EmotionSettings, FaceSettings, Settings, StoreSettings

BUILDERS = {name: value for name, value in vars(build).items() if isinstance(value, Builder)}
# Sections of which no device is made. The policy reads [music] and [volume] in this way, too.
READ_LIVE = {"mood", "strategies", "listener", "rooms"}  # replaced in the running filter and policy
READ_BY_A_VERB = {"gender"}  # jukebox classify
READ_AT_THE_NEXT_START = {"store", "control", "web", "home"}


class RecordingSettings:
    """Stands in for Settings and notes which sections are read."""

    def __init__(self, settings):
        self._settings = settings
        self.read = set()

    def __getattr__(self, section):
        self.read.add(section)
        return getattr(self._settings, section)


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.setattr(build, "fastest", lambda files, kept: "int8")  # measuring takes a second
    return StoreSettings(path=str(tmp_path / "jukebox.db"))


VARIANTS = {
    "defaults": {},
    "int8": {"emotion": EmotionSettings(precision="int8")},
    "haar": {"faces": FaceSettings(detector="haar")},
    "own model": {"emotion": EmotionSettings(model=str(build.MODELS / "emotion_int8.tflite"))},
}


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("name", BUILDERS)
def test_a_builder_reads_only_the_sections_that_it_names(name, variant, store):
    settings = RecordingSettings(replace(Settings(store=store), **VARIANTS[variant]))
    BUILDERS[name](settings)
    assert settings.read - {"store"} <= set(BUILDERS[name].sections)


@pytest.mark.parametrize("name", BUILDERS)
def test_a_builder_names_only_sections_that_it_reads_and_that_exist(name, store):
    read = set()
    for variant in VARIANTS.values():
        settings = RecordingSettings(replace(Settings(store=store), **variant))
        BUILDERS[name](settings)
        read |= settings.read
    assert set(BUILDERS[name].sections) <= read


def test_every_section_makes_a_device_or_is_read_otherwise():
    of_devices = {section for builder in BUILDERS.values() for section in builder.sections}
    otherwise = READ_LIVE | READ_BY_A_VERB | READ_AT_THE_NEXT_START
    assert of_devices | otherwise == {section.name for section in fields(Settings)}
    assert of_devices & otherwise == set()


def test_the_builders_are_found():
    assert sorted(BUILDERS) == [
        "build_camera",
        "build_classifier",
        "build_faces",
        "build_gender",
        "build_panel",
        "build_player",
        "build_scheduled_camera",
        "build_thorough_detector",
    ]


def test_a_device_is_outdated_by_a_change_in_its_own_sections_alone():
    old = Settings()
    assert build.build_faces.is_outdated(old, replace(old, faces=FaceSettings(min_score=0.9)))
    assert not build.build_panel.is_outdated(old, replace(old, faces=FaceSettings(min_score=0.9)))
    assert not build.build_faces.is_outdated(old, Settings())

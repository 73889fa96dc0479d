"""A running jukebox's devices: which of them a reload replaces, and what a start takes over."""

import os
from contextlib import closing
from dataclasses import replace
from types import SimpleNamespace

import pytest
from priors import PRIORS

from appliance.build import Builder
from appliance.errors import CameraError, ModelError
from appliance.history.state import player_file, state_file
from appliance.history.store import SqliteStore
from appliance.player.mixer import with_known_mixer
from appliance.records import Frame
from appliance.running import assembly
from appliance.running.assembly import Assembly
from appliance.settings import (
    CameraSettings,
    ControlSettings,
    EmotionSettings,
    FaceSettings,
    GenderSettings,
    GpioSettings,
    HomeSettings,
    ListenerSettings,
    MoodSettings,
    MpdSettings,
    MusicSettings,
    PlaylistSettings,
    RoomsSettings,
    Settings,
    StoreSettings,
    StrategySettings,
    VolumeSettings,
    WebSettings,
)

# A change in each section, and the devices that it replaces.
CHANGES = [
    (CameraSettings(width_px=320), {"camera"}),
    (FaceSettings(min_score=0.9), {"faces"}),
    (EmotionSettings(precision="float32"), {"faces", "classifier"}),
    (GenderSettings(enabled=True), set()),
    (MoodSettings(dwell_s=3.0), set()),
    (MusicSettings(crossfade_s=2.0), {"player"}),
    (StrategySettings(sad="lift"), set()),
    (ListenerSettings(away_minutes=1.0), set()),
    (VolumeSettings(max=50), {"player"}),
    (PlaylistSettings(sad=("blues",)), {"player"}),
    (MpdSettings(port=6601), {"player"}),
    (StoreSettings(retention_days=7), set()),
    (ControlSettings(path="/elsewhere"), set()),
    (WebSettings(port=8081), set()),
    (HomeSettings(port=8883), set()),
    (RoomsSettings(leader=True), set()),
    (GpioSettings(led=17), {"panel"}),
]
SECTIONS = {type(getattr(Settings(), name)): name for name in Settings.__dataclass_fields__}


class Device:
    """Stands in for camera, player, panel, detector and network; notes what is done to it."""

    scheduled = False  # whether its hours say that the camera is off

    def __init__(self, settings, **options):
        self.settings = settings
        self.options = options
        self.is_closed = self.is_open = False
        self.asked = None
        self.priors = PRIORS
        self.card = SimpleNamespace(inside=None)  # which cannot be taught

    def choose(self):
        if "nowhere" in self.settings.camera.source:
            raise CameraError("no such file")

    def open(self):
        self.is_open = True
        return self

    def close(self):
        self.is_closed = True


def make(settings, *more, **options):
    if "missing" in settings.emotion.model:
        raise ModelError("no such model")
    device = Device(settings, **options)
    if more and not hasattr(more[0], "kept"):
        device.asked = more[0]
    return device


@pytest.fixture
def database(tmp_path):
    return tmp_path / "jukebox.db"


@pytest.fixture
def settings(database):
    return Settings(store=StoreSettings(path=str(database)))


@pytest.fixture
def store(settings):
    with closing(SqliteStore(settings.store)) as opened:
        yield opened


@pytest.fixture
def build(settings, store, monkeypatch):
    """Builds an assembly of fakes, with the sections that the real builders name."""
    names = ("classifier", "faces", "panel", "player", "scheduled_camera")
    for name in (f"build_{device}" for device in names):
        fake = Builder(make, getattr(assembly, name).sections)
        monkeypatch.setattr(assembly, name, fake)
    return lambda: Assembly(settings, store)


def devices_of(parts):
    return {
        "camera": parts.camera,
        "faces": parts.devices.faces,
        "classifier": parts.devices.classifier.classifier.uncorrected.classifier,
        "player": parts.player,
        "panel": parts.panel,
    }


def changed(settings, section):
    return replace(settings, **{SECTIONS[type(section)]: section})


@pytest.mark.parametrize(("section", "replaced"), CHANGES, ids=lambda value: type(value).__name__)
def test_a_reload_replaces_exactly_the_devices_of_the_changed_section(
    build, settings, section, replaced
):
    parts = build()
    before, mood, policy = devices_of(parts), parts.devices.mood, parts.policy
    new = changed(settings, section)
    parts.rebuild(new)
    after = devices_of(parts)
    assert {name for name in before if after[name] is not before[name]} == replaced
    known = with_known_mixer(new, os.environ)
    assert all(after[name].settings == known for name in replaced)
    held = {"camera", "player", "panel"}  # what holds a device or a connection
    assert {name for name in held if before[name].is_closed} == replaced & held
    assert (parts.devices.mood, parts.devices.policy) == (mood, policy)
    assert mood.settings is new.mood
    assert policy.settings == known


def test_every_player_keeps_its_copy_of_the_skips_in_the_history(build, settings, store):
    parts = build()
    assert parts.player.options["skips"] is store
    parts.rebuild(changed(settings, PlaylistSettings(sad=("blues",))))
    assert parts.player.options["skips"] is store


def test_every_section_has_a_change_here():
    assert {SECTIONS[type(section)] for section, _ in CHANGES} == set(SECTIONS.values())


def test_the_loop_gets_the_new_devices(build, settings):
    parts = build()
    new = replace(settings, camera=CameraSettings(frames_per_second=9.0), mpd=MpdSettings(port=1))
    parts.rebuild(new)
    assert parts.devices.camera.camera is parts.camera
    assert parts.camera.is_open
    assert parts.devices.player is parts.player
    assert parts.frame_rate.most == 9.0


def test_a_second_reload_compares_with_the_first_one(build, settings):
    parts = build()
    new = replace(settings, faces=FaceSettings(min_score=0.9))
    parts.rebuild(new)
    faces = parts.devices.faces
    parts.rebuild(new)
    assert parts.devices.faces is faces
    parts.rebuild(settings)
    assert parts.devices.faces is not faces


@pytest.mark.parametrize(
    ("camera", "emotion", "error"),
    [("/nowhere", "", CameraError), ("auto", "/missing.tflite", ModelError)],
)
def test_settings_that_cannot_be_built_replace_nothing(build, settings, camera, emotion, error):
    parts = build()
    before = devices_of(parts)
    new = replace(
        settings,
        camera=CameraSettings(source=camera, width_px=320),
        emotion=EmotionSettings(model=emotion),
        mpd=MpdSettings(port=1),
        gpio=GpioSettings(led=17),
    )
    with pytest.raises(error):
        parts.rebuild(new)
    assert devices_of(parts) == before
    assert not any(device.is_closed for device in before.values())


@pytest.mark.parametrize(
    ("section", "name"),
    [
        (StoreSettings(path="/elsewhere.db"), "store"),
        (ControlSettings(path="/elsewhere"), "control"),
    ],
)
def test_a_change_that_takes_effect_at_the_next_start_is_said_to_wait(
    build, settings, caplog, section, name
):
    build().rebuild(replace(settings, **{name: section}))
    assert caplog.messages == [f"reload: [{name}] takes effect at the next start"]


@pytest.mark.parametrize(
    ("off", "hours_then", "hours_now", "stays_off"),
    [
        (True, False, False, True),
        (True, False, True, False),  # the off hours have begun or ended since: they decide
        (True, True, True, True),
        (False, False, False, False),
    ],
)
def test_a_camera_that_was_turned_off_stays_off_until_its_hours_say_something_new(
    build, database, monkeypatch, off, hours_then, hours_now, stays_off
):
    state_file(database).keep(camera_off=off, off_hours=hours_then)
    monkeypatch.setattr(Device, "scheduled", hours_now)
    assert (build().camera.asked is True) == stays_off


def test_what_people_asked_for_is_kept_and_taken_over(build, database):
    parts = build()
    assert not parts.policy.asleep
    parts.policy.asleep, parts.camera.asked = True, True
    parts.keep_requests(Frame(500.0, 1_000_000.0, None))
    kept = state_file(database).kept
    assert (kept.asleep, kept.camera_off) == (True, True)
    again = build()
    assert again.policy.asleep
    assert (again.player.options["starting"], again.player.options["silent"]) == (True, True)
    assert again.camera.asked is True


def test_the_first_start_takes_over_the_state_of_an_earlier_version(build, database):
    player_file(database).write_text('{"asleep": true, "stopped": true}')
    assert build().policy.asleep


def test_closing_lets_go_of_every_device(build):
    parts = build()
    parts.close()
    assert all(device.is_closed for device in (parts.camera, parts.player, parts.panel))


# --- calibration ----------------------------------------------------------------------------------

ANGRY = (0.6, 0.0, 0.1, 0.0, 0.1, 0.0, 0.2)
BOX = SimpleNamespace(height=100)


def watch(parts, seconds, per_second=1):
    """Shows a face at rest that looks angry. Returns what the calibrator told."""
    told = []
    for number in range(seconds * per_second + 1):
        face = SimpleNamespace(box=BOX)
        score = SimpleNamespace(mean_probabilities=ANGRY, face=face, picture=False)
        parts.devices.classifier.classifier.last = (score,)
        time_s = 1000.0 + number / per_second
        told.append(parts.calibrator.note(SimpleNamespace(time_s=time_s, unix_s=time_s)))
    return [text for text in told if text]


def test_a_minute_of_a_resting_face_corrects_the_classifier(build):
    parts = build()
    assert watch(parts, 70) == []  # nobody asked for it
    assert parts.calibrator.begin(1000.0) == (
        "look at the camera with a face at rest for 60 seconds"
    )
    assert watch(parts, 59) == []
    (result,) = watch(parts, 60)
    assert result.startswith("calibration: for this face at rest angry ×")
    factors = parts.devices.classifier.classifier.factors
    assert factors[0] < 0.5
    assert factors[-1] > 1.0
    assert watch(parts, 70) == []  # it is over


def test_too_few_samples_correct_nothing(build):
    parts = build()
    parts.calibrator.begin(1000.0 - 50.0)
    (result,) = watch(parts, 20)
    assert "too few samples" in result
    assert set(parts.devices.classifier.classifier.factors) == {1.0}


def test_a_calibration_outlives_the_process_until_it_is_forgotten(build, store):
    parts = build()
    parts.calibrator.begin(1000.0)
    watch(parts, 60)
    store.write(1060.0)
    again = build()
    assert (
        again.devices.classifier.classifier.factors == parts.devices.classifier.classifier.factors
    )
    assert again.calibrator.forget(1061.0) == "faces are read as they are"
    store.write(1061.0)
    assert set(build().devices.classifier.classifier.factors) == {1.0}

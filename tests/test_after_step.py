"""What the service does after each step, besides the music. Time comes with the frames."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from appliance import service as module
from appliance.decide.policy import MusicPolicy
from appliance.errors import ConfigError, PlayerError, StoreError
from appliance.records import Emotion, Frame, Mood, Play, Playback, Step
from appliance.service import Service
from appliance.settings import MpdSettings, Settings
from appliance.vision.calibration import TOO_FEW

PLAYS = Playback("play", "a song", Emotion.HAPPY, 60.0, 0)
HAPPY = Mood("settled", Emotion.HAPPY, 0.9, 1, 0.0)
PICTURE = object()
BEGAN_S = 5000.0


class Recorder:
    """Notes the calls of its methods, whatever their names; raises what it is told to."""

    def __init__(self, **fails):
        self.calls = []
        self._fails = fails

    def __getattr__(self, name):
        def record(*arguments, **named):
            if name in self._fails:
                raise self._fails[name]
            self.calls.append((name, *arguments, *([named] if named else [])))
            return [] if name == "messages" else None

        return record

    def count(self, name):
        return sum(call[0] == name for call in self.calls)


@pytest.fixture
def service(monkeypatch):
    monkeypatch.setattr(module, "read_yesterday", lambda path, unix_s: "a good day")
    return make_service()


def make_service(**options):
    service = Service(Settings(), **options)
    service._notifier = Recorder()
    service._reporter = Recorder()
    service._store = Recorder()
    service._store.path = None
    service._control = Recorder()
    service._parts = SimpleNamespace(
        camera=SimpleNamespace(off=False, lost=False, description="a camera", asked=None),
        frame_rate=SimpleNamespace(
            note=lambda step: None, frames_per_second=5.0, reason="nothing changes"
        ),
        calibrator=SimpleNamespace(note=lambda frame: None),
        teacher=SimpleNamespace(note=lambda frame: []),
        panel=SimpleNamespace(pressed=lambda: None, show=lambda light: None),
        player=Recorder(),
        policy=MusicPolicy(Settings()),
        keep_requests=lambda frame: True,
        rebuild=lambda settings: None,
    )
    return service


def after(service, time_s=BEGAN_S, luma=PICTURE, playback=PLAYS, play=None):
    """Whether the service goes on after a step."""
    return service._after_step(Step(Frame(time_s, time_s, luma), (), HAPPY, playback, play))


def test_the_status_is_told_twice_a_second(service):
    for number in range(101):  # 10 s
        after(service, BEGAN_S + number / 10)
    assert 19 <= service._reporter.count("report") <= 22


def test_the_history_is_pruned_a_minute_after_the_start_and_then_once_a_day(service):
    after(service)
    after(service, BEGAN_S + 59.0)
    assert service._store.count("prune") == 0
    after(service, BEGAN_S + 61.0)
    assert service._store.count("prune") == 1
    after(service, BEGAN_S + 60.0 + 23.9 * 3600)
    assert service._store.count("prune") == 1
    after(service, BEGAN_S + 62.0 + 24.1 * 3600)
    assert service._store.count("prune") == 2


def test_yesterday_is_logged_as_a_notice(service, caplog):
    caplog.set_level(1)
    after(service)
    after(service, BEGAN_S + 61.0)
    (record,) = [record for record in caplog.records if "yesterday" in record.message]
    assert (record.message, record.levelno) == ("yesterday: a good day", 25)


def test_a_history_that_cannot_be_pruned_is_pruned_the_next_day(service, caplog):
    service._store = Recorder(prune=StoreError("the disk is full"))
    service._store.path = None
    after(service)
    after(service, BEGAN_S + 61.0)
    assert caplog.messages == ["history: old entries stay for another day: the disk is full"]
    after(service, BEGAN_S + 120.0)
    assert len(caplog.messages) == 1


@pytest.mark.parametrize(
    ("luma", "lost", "off", "fed"),
    [
        (PICTURE, False, False, True),
        (
            None,
            False,
            False,
            False,
        ),  # a camera that neither gives pictures nor says that it is lost
        (None, True, False, True),
        (None, False, True, True),
    ],
)
def test_the_watchdog_is_fed_by_pictures_or_a_known_reason_for_none(service, luma, lost, off, fed):
    service._parts.camera.lost, service._parts.camera.off = lost, off
    after(service, luma=luma)
    assert service._notifier.count("alive") == fed


def test_it_ends_after_the_given_time():
    service = make_service(for_s=30.0)
    assert after(service)
    assert after(service, BEGAN_S + 29.9)
    assert not after(service, BEGAN_S + 30.0)


def test_it_ends_after_the_step_in_which_it_was_told_to(service):
    assert after(service)
    service._signals.stop = True
    assert not after(service, BEGAN_S + 1.0)


def test_the_status_tells_why_the_last_song_was_put_on(service):
    play = Play("Sun", "sun.opus", Emotion.HAPPY, "happy", "the room looks happy")
    after(service, play=play)
    after(service, BEGAN_S + 1.0)
    assert service.status().reason == "the room looks happy"
    assert service.status().camera == "a camera"
    service._parts.camera.lost = True
    assert service.status().camera == "lost"


def test_messages_are_answered_while_the_player_is_there(service):
    player = service._parts.player
    player.messages = lambda: ["camera off", "dance"]
    after(service)
    answers = [call[1] for call in player.calls if call[0] == "answer"]
    assert answers[0] == "the camera is off"
    assert answers[1].startswith("unknown command 'dance'")
    assert service._parts.camera.asked is True
    player.calls.clear()
    after(service, BEGAN_S + 1.0, playback=None)
    assert player.calls == []


def test_what_was_answered_outlives_a_plug_that_is_pulled_then(service):
    kept = []
    player = service._parts.player
    player.messages = lambda: ["camera off"]
    player.answer = kept.append
    service._parts.keep_requests = lambda frame: not kept.append(service._parts.camera.asked)
    after(service)
    assert kept[-2:] == [True, "the camera is off"]


def test_a_calibration_is_not_answered_where_everybody_in_the_network_reads_along(service):
    service._parts.calibrator.note = lambda frame: "calibration: your face at rest looks sad"
    after(service)
    assert service._parts.player.count("answer") == 0


def test_a_player_that_is_lost_while_it_answers_ends_nothing(service):
    service._parts.player = Recorder(messages=PlayerError("gone"))
    assert after(service)


def test_the_result_of_a_calibration_is_logged_and_answered(service, caplog):
    caplog.set_level(20)
    service._parts.calibrator.note = lambda frame: "calibration: done"
    service._parts.policy.settings = Settings(mpd=MpdSettings(messages="all"))
    after(service)
    assert "calibration: done" in caplog.messages
    assert ("answer", "calibration: done") in service._parts.player.calls
    told = {"good": True, "text": "calibration: done"}
    assert ("tell", "calibration", told) in service._control.calls


@pytest.mark.parametrize("good", [True, False])
def test_a_lesson_is_told_to_programs_and_at_rest_to_whoever_calibrates(service, good):
    forgotten = []
    service._parts.policy.settings = Settings(mpd=MpdSettings(messages="all"))
    service._parts.calibrator.forget = forgotten.append
    over = {"stage": "over", "rest": True, "good": good, "text": "owner: done"}
    service._parts.teacher.note = lambda frame: [{"stage": "hold", "text": "look sad"}, over]
    after(service, BEGAN_S)
    calls = service._control.calls
    assert ("tell", "teach", {"stage": "hold", "text": "look sad"}) in calls
    assert ("tell", "teach", over) in calls
    result = "calibration: owner: done" if good else TOO_FEW
    assert ("tell", "calibration", {"good": good, "text": result}) in calls
    assert ("answer", result) in service._parts.player.calls
    assert forgotten == [BEGAN_S] * good, "what an earlier version kept is replaced"


def test_programs_are_served_after_each_step_and_told_what_people_do(service):
    after(service)
    after(service, BEGAN_S + 0.1, playback=None)
    after(service, BEGAN_S + 0.2, playback=replace(PLAYS, listener_action="pause"))
    calls = [call for call in service._control.calls if call[0] != "tell_change"]
    assert [call[0] for call in calls] == ["serve", "serve", "tell", "serve"]
    assert calls[2] == ("tell", "touch", {"action": "pause"})


def test_programs_are_told_the_status_as_often_as_systemd(service):
    for number in range(101):  # 10 s
        after(service, BEGAN_S + number / 10)
    assert service._control.count("tell_change") == service._reporter.count("report")


@pytest.mark.parametrize("fault", [None, ConfigError("f:2: mood.dwell_s is -3")])
def test_a_reload_is_told_to_systemd_and_a_bad_one_to_the_owner(caplog, fault):
    caplog.set_level(20)
    rebuilt = []

    def load():
        if fault:
            raise fault
        return "new settings"

    service = make_service(load=load)
    service._parts.rebuild = rebuilt.append
    service._signals._reload = True
    after(service)
    after(service, BEGAN_S + 1.0)  # a second step does not reload again
    told = [call[0] for call in service._notifier.calls if call[0] != "alive"]
    assert told == ["reloading", "ready"]
    assert rebuilt == ([] if fault else ["new settings"])
    (_, name, reload), *_ = (call for call in service._control.calls if call[0] == "tell")
    assert (name, reload["good"]) == ("settings", fault is None)
    said = f"reload: {fault}; the running settings stay in force" if fault else "reload: done"
    assert said in caplog.messages


def test_a_long_press_of_the_button_lets_the_page_pair_a_device(service):
    service._parts.panel.pressed = lambda: "long"
    after(service)
    assert ("tell", "pairing") in service._control.calls

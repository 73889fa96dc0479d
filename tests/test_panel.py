"""The light and the button, on gpiozero's own mock of a Raspberry Pi."""

import sys
from types import SimpleNamespace

import pytest

gpiozero = pytest.importorskip("gpiozero", reason="gpiozero is not installed (extra: pi)")

from gpiozero.pins.mock import MockFactory  # noqa: E402

from appliance.decide.policy import MusicPolicy  # noqa: E402
from appliance.loop import Step  # noqa: E402
from appliance.records import Frame, Mood, Playback  # noqa: E402
from appliance.remote.panel import GpioPanel, NoPanel, make_panel  # noqa: E402
from appliance.service import Service  # noqa: E402
from appliance.settings import GpioSettings, Settings  # noqa: E402

LED, BUTTON = 17, 27


@pytest.fixture
def pins(monkeypatch):
    """The pins of a made-up Raspberry Pi; their number gives one."""
    factory = MockFactory()
    monkeypatch.setattr(gpiozero.Device, "pin_factory", factory)
    yield factory.pin
    factory.close()


@pytest.fixture
def panel(pins):
    built = make_panel(GpioSettings(led=LED, button=BUTTON))
    assert isinstance(built, GpioPanel)
    yield built
    built.close()


def test_the_light_shines_while_the_camera_looks(panel, pins):
    panel.show("on")
    assert pins(LED).state
    panel.show("off")
    assert not pins(LED).state


@pytest.mark.parametrize("light", ["hold", "trouble"])
def test_the_light_blinks_for_what_is_out_of_the_ordinary(panel, light):
    panel.show("on")
    assert panel._led._blink_thread is None
    panel.show(light)
    assert panel._led._blink_thread.is_alive()


def test_a_light_that_says_it_already_is_not_started_anew(panel):
    panel.show("hold")
    blinking = panel._led._blink_thread
    panel.show("hold")
    assert panel._led._blink_thread is blinking


def test_a_press_counts_once_however_long_it_is(panel, pins):
    assert not panel.pressed()
    pins(BUTTON).drive_low()
    assert panel.pressed()
    assert not panel.pressed()
    pins(BUTTON).drive_high()
    assert not panel.pressed()
    pins(BUTTON).drive_low()
    assert panel.pressed()


def test_a_closed_panel_leaves_the_light_off_and_the_pins_to_others(pins):
    first = make_panel(GpioSettings(led=LED, button=BUTTON))
    first.show("on")
    first.close()
    assert pins(LED).function == "input"
    second = make_panel(GpioSettings(led=LED, button=BUTTON))
    assert isinstance(second, GpioPanel)
    second.close()


def test_a_light_needs_no_button_nor_a_button_a_light(pins):
    for settings in (GpioSettings(led=LED), GpioSettings(button=BUTTON)):
        one = make_panel(settings)
        one.show("trouble")
        assert not one.pressed()
        one.close()


def test_without_pins_nothing_is_loaded(monkeypatch):
    monkeypatch.setitem(sys.modules, "gpiozero", None)
    assert isinstance(make_panel(GpioSettings()), NoPanel)


def test_one_warning_says_why_there_is_no_light(pins, caplog, monkeypatch):
    assert isinstance(make_panel(GpioSettings(led=LED, button=LED)), NoPanel)
    assert "[gpio]" in caplog.text
    assert not pins(LED).state
    caplog.clear()
    monkeypatch.setitem(sys.modules, "gpiozero", None)
    assert isinstance(make_panel(GpioSettings(led=LED)), NoPanel)
    assert "apt install python3-gpiozero" in caplog.text


# --- in the service -------------------------------------------------------------------------------

PLAYS = Playback("play", "a song", None, 60.0, 0, listener=False)


class Box:
    """A service of which only the panel, the rules and the camera's state are there."""

    def __init__(self, panel):
        self.service = Service(Settings())
        self.service._panel = panel
        self.service.policy = MusicPolicy(Settings())
        self.camera = self.service._camera = SimpleNamespace(off=False, lost=False)

    def step(self, time_s, playback=PLAYS):
        frame = Frame(time_s, 0.0, None)
        self.service._use_panel(Step(frame, (), Mood("nobody", None, 0.0, 0, 0.0), playback, None))

    def holds(self, time_s):
        return self.service.policy.holds(time_s)


def test_a_press_holds_and_the_next_one_resumes(panel, pins):
    box = Box(panel)
    box.step(1.0)
    assert panel._light == "on"
    pins(BUTTON).drive_low()
    box.step(2.0)
    assert box.holds(3.0)
    assert box.holds(2.0 + 29 * 60)
    assert panel._light == "hold"
    pins(BUTTON).drive_high()
    pins(BUTTON).drive_low()
    box.step(4.0)
    assert not box.holds(5.0)
    assert panel._light == "on"


def test_the_light_tells_what_is_lost_and_that_the_camera_is_off(panel):
    box = Box(panel)
    box.step(1.0, playback=None)
    assert panel._light == "trouble"
    box.camera.lost = True
    box.step(2.0)
    assert panel._light == "trouble"
    box.camera.off = True
    box.step(3.0)
    assert panel._light == "off"

"""The light and the button, on gpiozero's own mock of a Raspberry Pi."""

import sys

import pytest

gpiozero = pytest.importorskip("gpiozero", reason="gpiozero is not installed (extra: pi)")

from conftest import wait_for  # noqa: E402
from gpiozero.pins.mock import MockFactory  # noqa: E402

from appliance.decide.policy import MusicPolicy  # noqa: E402
from appliance.remote import panel as panel_module  # noqa: E402
from appliance.remote.panel import BLINKS, GpioPanel, NoPanel, make_panel, use_panel  # noqa: E402
from appliance.settings import GpioSettings, Settings  # noqa: E402

LED, BUTTON = 17, 27


@pytest.fixture
def pins(monkeypatch):
    """The pins of a simulated Raspberry Pi, by their number."""
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


def test_the_light_shines_while_the_camera_is_on(panel, pins):
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


def test_trouble_and_hold_can_be_told_apart_from_across_a_room():
    slow_s, fast_s = sum(BLINKS["hold"]), sum(BLINKS["trouble"])
    assert 1.5 <= slow_s <= 3.0
    assert 0.2 <= fast_s <= 0.5


def test_a_light_that_blinks_already_does_not_start_again(panel):
    panel.show("hold")
    blinking = panel._led._blink_thread
    panel.show("hold")
    assert panel._led._blink_thread is blinking


def press(pins):
    pins(BUTTON).drive_low()
    pins(BUTTON).drive_high()


def test_a_press_counts_once_when_the_finger_lets_go(panel, pins):
    assert panel.pressed() is None
    pins(BUTTON).drive_low()
    assert panel.pressed() is None
    pins(BUTTON).drive_high()
    assert panel.pressed() == "short"
    assert panel.pressed() is None
    press(pins)
    assert panel.pressed() == "short"


@pytest.fixture
def quick(monkeypatch):
    """A long press is one of a tenth of a second."""
    assert panel_module.LONG_PRESS_S == 3.0
    monkeypatch.setattr(panel_module, "LONG_PRESS_S", 0.1)


def test_a_long_press_is_known_before_the_finger_lets_go_and_is_no_short_one(quick, panel, pins):
    pins(BUTTON).drive_low()
    assert wait_for(panel.pressed) == "long"
    assert panel.pressed() is None
    pins(BUTTON).drive_high()
    assert panel.pressed() is None
    press(pins)
    assert panel.pressed() == "short"


def test_the_light_flickers_when_a_long_press_is_long_enough(quick, panel, pins, monkeypatch):
    monkeypatch.setattr(panel_module, "FLICKERS_FOR_S", 600.0)
    panel.show("on")
    pins(BUTTON).drive_low()
    wait_for(panel.pressed)
    assert panel._led._blink_thread.is_alive()
    panel.show("on")
    assert panel._led._blink_thread.is_alive()  # it is still to be seen
    panel._flickers_until_s -= 600.0  # its time is over
    panel.show("on")
    assert panel._led._blink_thread is None
    assert pins(LED).state


def test_chattering_contacts_are_one_press_and_a_fast_finger_two(panel, pins):
    assert 0.01 <= pins(BUTTON).bounce <= 0.1  # a fast finger needs 0.15 s


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
        panel = make_panel(settings)
        panel.show("trouble")
        assert not panel.pressed()
        panel.close()


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


# --- with the policy ------------------------------------------------------------------------------


class Room:
    """The panel, the policy, and what the camera and the player do."""

    def __init__(self, panel):
        self._panel = panel
        self.policy = MusicPolicy(Settings())

    def step(self, time_s, *, camera_off=False, in_trouble=False):
        return use_panel(
            self._panel, self.policy, time_s, camera_off=camera_off, in_trouble=in_trouble
        )


def test_a_press_holds_and_the_next_one_resumes(panel, pins):
    room = Room(panel)
    room.step(1.0)
    assert panel._light == "on"
    press(pins)
    assert room.step(2.0) is False
    assert room.policy.holds(3.0)
    assert room.policy.holds(2.0 + 29 * 60)
    assert not room.policy.holds(2.0 + 31 * 60)
    assert panel._light == "hold"
    press(pins)
    room.step(4.0)
    assert not room.policy.holds(5.0)
    assert panel._light == "on"


def test_the_light_tells_of_trouble_and_that_the_camera_is_off(panel):
    room = Room(panel)
    room.step(1.0, in_trouble=True)
    assert panel._light == "trouble"
    room.step(2.0, camera_off=True, in_trouble=True)
    assert panel._light == "off"


def test_trouble_is_shown_even_while_automatic_changes_pause(panel, pins):
    room = Room(panel)
    press(pins)
    room.step(1.0, in_trouble=True)
    assert room.policy.holds(2.0)
    assert panel._light == "trouble"


def test_a_long_press_asks_to_pair_and_leaves_the_music_alone(quick, panel, pins):
    room = Room(panel)
    pins(BUTTON).drive_low()
    assert wait_for(lambda: room.step(1.0)) is True
    assert room.step(1.5) is False
    assert not room.policy.holds(2.0)

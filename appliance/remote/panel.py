"""The light and the button on the pins of a Raspberry Pi: what it can say without a screen.

The light is on while the camera is on, and off while it is off. It blinks slowly while automatic
changes pause, and fast when camera or player is lost. A press of the button holds the present
music, the next one resumes. Held for three seconds, it lets one device pair with the page; the
light then flickers, so that people know when to let go.
"""

from __future__ import annotations

import logging
import time
from contextlib import suppress
from typing import Any, Literal, Protocol

from appliance.decide.phrases import counted
from appliance.decide.policy import MusicPolicy
from appliance.settings import GpioSettings

log = logging.getLogger("jukebox")

Light = Literal["off", "on", "hold", "trouble"]
# Seconds on and off, which people can tell apart from across a room.
BLINKS: dict[Light, tuple[float, float]] = {"hold": (1.0, 1.0), "trouble": (0.15, 0.15)}
BOUNCE_S = 0.05  # contacts of a cheap button chatter for some milliseconds
Press = Literal["short", "long"]
LONG_PRESS_S = 3.0  # nobody holds a button for so long who only wants the music to stay
FLICKER_S, FLICKERS_FOR_S = 0.06, 2.0


class Panel(Protocol):
    """A light and a button."""

    def show(self, light: Light) -> None:
        """Sets what the light says from now on."""

    def pressed(self) -> Press | None:
        """How the button was pressed since the last time; None if it was not."""

    def close(self) -> None:
        """Turns the light off and frees the pins."""


class NoPanel:
    """A panel for a jukebox without light and button."""

    def show(self, light: Light) -> None:
        """Does nothing."""

    def pressed(self) -> Press | None:
        """Always None."""
        return None

    def close(self) -> None:
        """Does nothing."""


class GpioPanel:
    """A panel on pins by Broadcom's numbers; pin 0 means none.

    The light is wired pin, resistor, LED, ground; the button pin, button, ground. Raises
    ImportError without gpiozero, and whatever gpiozero raises if it cannot have a pin.
    """

    def __init__(self, settings: GpioSettings) -> None:
        from gpiozero import LED, Button  # noqa: PLC0415 - exists on few machines

        self._light: Light | None = None
        self._pressed: Press | None = None
        self._was_long = False
        self._flickers_until_s = 0.0
        self._led: Any = LED(settings.led) if settings.led else None
        try:
            self._button: Any = (
                Button(settings.button, bounce_time=BOUNCE_S, hold_time=LONG_PRESS_S)
                if settings.button
                else None
            )
        except BaseException:
            self._button = None
            self.close()
            raise
        if self._button is not None:
            self._button.when_pressed = self._note_press
            self._button.when_held = self._note_long_press
            self._button.when_released = self._note_release

    def show(self, light: Light) -> None:
        """Sets what the light says from now on."""
        flickers = time.monotonic() < self._flickers_until_s
        if self._led is None or light == self._light or flickers:
            return
        self._light = light
        if light in BLINKS:
            self._led.blink(*BLINKS[light])
        elif light == "on":
            self._led.on()
        else:
            self._led.off()

    def pressed(self) -> Press | None:
        """How the button was pressed since the last time; None if it was not."""
        was, self._pressed = self._pressed, None
        return was

    def close(self) -> None:
        """Turns the light off and frees the pins."""
        for device in (self._led, self._button):
            if device is not None:
                with suppress(Exception):  # whatever it is, the panel is not used any more
                    device.close()

    # These are called from threads of gpiozero's.

    def _note_press(self) -> None:
        self._was_long = False

    def _note_long_press(self) -> None:
        self._was_long = True
        if self._led is not None:
            self._flickers_until_s = time.monotonic() + FLICKERS_FOR_S
            self._light = None  # whatever is shown next is new
            self._led.blink(FLICKER_S, FLICKER_S)
        self._pressed = "long"

    def _note_release(self) -> None:
        if not self._was_long:
            self._pressed = "short"


def make_panel(settings: GpioSettings) -> Panel:
    """The panel that the settings name. A NoPanel, after a warning, if it cannot have its pins."""
    if not settings.led and not settings.button:
        return NoPanel()
    try:
        return GpioPanel(settings)
    except ImportError:
        why = "gpiozero is not installed; sudo apt install python3-gpiozero python3-lgpio"
    except Exception as error:  # noqa: BLE001 - gpiozero's own, lgpio's own, OSError: the music goes on
        why = f"{error or type(error).__name__}; check the numbers in jukebox.toml under [gpio]"
    log.warning("gpio: no light and no button: %s", why)
    return NoPanel()


def use_panel(
    panel: Panel, policy: MusicPolicy, time_s: float, *, camera_off: bool, in_trouble: bool
) -> bool:
    """Does what the button asks of the music, and lets the light show how things are.

    in_trouble: camera or player is lost. Returns whether the button asks to let a device pair.
    """
    press = panel.pressed()
    if press == "short":
        _toggle_hold(policy, time_s)
    if camera_off:
        panel.show("off")
    elif in_trouble:
        panel.show("trouble")
    else:
        panel.show("hold" if policy.holds(time_s) else "on")
    return press == "long"


def _toggle_hold(policy: MusicPolicy, time_s: float) -> None:
    if policy.holds(time_s):
        policy.resume()
        log.info("button: resumed")
    else:
        minutes = policy.settings.listener.override_minutes
        policy.hold(time_s, minutes)
        log.info("button: what plays is held for %s", counted(minutes, "minute"))

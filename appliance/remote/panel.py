"""The light and the button on the pins of a Raspberry Pi: what a box without a screen can say.

The light is on while the camera looks, blinks slowly while the box holds back, fast when something
is lost, and is off while the camera is off. A press of the button holds, the next one resumes.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import Any, Literal, Protocol

from appliance.settings import GpioSettings

log = logging.getLogger("jukebox")

Light = Literal["off", "on", "hold", "trouble"]
# Seconds on and off: told apart from across a room.
BLINKS: dict[Light, tuple[float, float]] = {"hold": (1.0, 1.0), "trouble": (0.15, 0.15)}
BOUNCE_S = 0.05  # contacts of a cheap button chatter for some milliseconds


class Panel(Protocol):
    """A light and a button."""

    def show(self, light: Light) -> None:
        """What the light should say from now on."""

    def pressed(self) -> bool:
        """Whether the button was pressed since the last time."""

    def close(self) -> None:
        """The light off, the pins free."""


class NoPanel:
    """A box without either."""

    def show(self, light: Light) -> None:
        """Nobody sees it."""

    def pressed(self) -> bool:
        """Never."""
        return False

    def close(self) -> None:
        """Nothing to do."""


class GpioPanel:
    """On pins in Broadcom's numbers; 0: none. Raises what gpiozero raises if it cannot have one.

    The light: pin, resistor, LED, ground. The button: pin, button, ground.
    """

    def __init__(self, settings: GpioSettings) -> None:
        from gpiozero import LED, Button  # noqa: PLC0415 - exists on few machines

        self._light: Light | None = None
        self._pressed = False
        self._led: Any = LED(settings.led) if settings.led else None
        try:
            self._button: Any = (
                Button(settings.button, bounce_time=BOUNCE_S) if settings.button else None
            )
        except BaseException:
            self._button = None
            self.close()
            raise
        if self._button is not None:
            self._button.when_pressed = self._note

    def show(self, light: Light) -> None:
        """What the light should say from now on."""
        if self._led is None or light == self._light:
            return
        self._light = light
        if light in BLINKS:
            self._led.blink(*BLINKS[light])
        elif light == "on":
            self._led.on()
        else:
            self._led.off()

    def pressed(self) -> bool:
        """Whether the button was pressed since the last time."""
        was, self._pressed = self._pressed, False
        return was

    def close(self) -> None:
        """The light off, the pins free."""
        for device in (self._led, self._button):
            if device is not None:
                with suppress(Exception):  # whatever it is, the box is about to end
                    device.close()

    def _note(self) -> None:
        """Comes from a thread of gpiozero's."""
        self._pressed = True


def make_panel(settings: GpioSettings) -> Panel:
    """The panel that the settings name; without it, after a warning, if its pins cannot be had."""
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

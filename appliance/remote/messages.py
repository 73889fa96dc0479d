"""What people tell the jukebox from any MPD client: `mpc sendmessage jukebox "mood happy"`.

Messages come on MPD's channel "jukebox"; each is answered in one line on "jukebox-status".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from appliance.decide.policy import NEVER, MusicPolicy
from appliance.records import EMOTIONS, Emotion, EmotionScores, Step
from appliance.remote.status import Status

LONGEST_MINUTES = 1440.0
USAGE = (
    "mood NAME · auto · hold MINUTES · resume · sleep MINUTES|off · camera on|off ·"
    " calibrate [forget] · status · why"
)


class Controls(Protocol):
    """What messages can do besides the music."""

    @property
    def policy(self) -> MusicPolicy:
        """The rules in force."""

    def status(self) -> Status:
        """How things are."""

    def camera_off(self, off: bool) -> None:
        """Close or open the camera."""

    def calibrate(self, time_s: float) -> str:
        """Begin to watch a resting face; what to tell."""

    def forget_calibration(self) -> str:
        """Undo it; what to tell."""


def answer(message: str, step: Step, house: Controls) -> str:
    """Does what the message says; one line that tells what was done."""
    word, _, rest = message.strip().lower().partition(" ")
    commands: dict[str, Callable[[str, Step, Controls], str]] = {
        "mood": _mood,
        "auto": _auto,
        "hold": _hold,
        "resume": _resume,
        "sleep": _sleep,
        "camera": _camera,
        "calibrate": _calibrate,
        "status": lambda _rest, _step, house: house.status().sentence(),
        "why": _why,
    }
    if word not in commands:
        return f"{message.strip()[:40]!r} is nothing I know; {USAGE}"
    try:
        return commands[word](rest.strip(), step, house)
    except ValueError as error:
        return str(error)


def _mood(name: str, _step: Step, house: Controls) -> str:
    if name not in set(EMOTIONS):
        raise ValueError(f"mood {name[:40]}: it must be one of {', '.join(EMOTIONS)}")
    house.policy.ask_for(Emotion(name))
    return f"music for {name}, until you say auto"


def _auto(_rest: str, _step: Step, house: Controls) -> str:
    house.policy.ask_for(None)
    return "the music follows the faces"


def _hold(minutes: str, step: Step, house: Controls) -> str:
    long = _minutes("hold", minutes or f"{house.policy.settings.listener.override_minutes:g}")
    house.policy.hold(step.frame.time_s, long)
    return f"nothing is changed for {long:g} minutes"


def _resume(_rest: str, _step: Step, house: Controls) -> str:
    slept = house.policy.sleep_at_s < NEVER
    house.policy.resume()
    return "holding back no longer" + ("; the sleep timer is off" if slept else "")


def _sleep(minutes: str, step: Step, house: Controls) -> str:
    if minutes == "off":
        house.policy.sleep_at_s = NEVER
        if house.policy.asleep:
            house.policy.resume()
        return "the sleep timer is off"
    long = _minutes("sleep", minutes)
    house.policy.sleep(step.frame.time_s, long)
    return f"the music fades out in {long:g} minutes"


def _camera(which: str, _step: Step, house: Controls) -> str:
    if which not in ("on", "off"):
        raise ValueError(f"camera {which[:40]}: it must be camera on or camera off")
    house.camera_off(which == "off")
    return f"the camera is {which}"


def _calibrate(what: str, step: Step, house: Controls) -> str:
    if what not in ("", "forget"):
        raise ValueError(f"calibrate {what[:40]}: it must be calibrate or calibrate forget")
    return house.forget_calibration() if what else house.calibrate(step.frame.time_s)


def _why(_rest: str, step: Step, house: Controls) -> str:
    seen = "; ".join(f"face {one.face.track}: {_looks(one)}" for one in step.scores)
    reason = house.status().reason or "nothing was put on yet"
    if step.playback is not None and step.playback.listener:
        reason = "somebody chose what plays"
    return f"{reason}. Now: {seen or 'no face'}"


def _looks(scores: EmotionScores) -> str:
    """The three likeliest emotions."""
    best = sorted(zip(scores.probabilities, EMOTIONS, strict=True), reverse=True)[:3]
    return ", ".join(f"{emotion} {share:.0%}" for share, emotion in best)


def _minutes(what: str, text: str) -> float:
    try:
        minutes = float(text)
    except ValueError:
        minutes = -1.0
    if not 0 < minutes <= LONGEST_MINUTES:
        raise ValueError(
            f"{what} {text[:40]}: it must be a number of minutes up to {LONGEST_MINUTES:g}"
        )
    return minutes

"""What people tell the jukebox from any MPD client: `mpc sendmessage jukebox "mood happy"`.

Messages come on MPD's channel "jukebox". Each gets an answer of one line on "jukebox-status".
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
    """What messages control: the music by the policy, and what the service does besides."""

    @property
    def policy(self) -> MusicPolicy:
        """The rules in force."""

    def status(self) -> Status:
        """The status after the last step."""

    def camera_off(self, off: bool) -> None:
        """Closes or opens the camera."""

    def calibrate(self, time_s: float) -> str:
        """Begins to watch a resting face. Returns the answer."""

    def forget_calibration(self) -> str:
        """Undoes the calibration. Returns the answer."""


def answer(message: str, step: Step, controls: Controls) -> str:
    """Does what the message asks for. Returns one line: what was done, or why it was not."""
    word, _, rest = message.strip().lower().partition(" ")
    commands: dict[str, Callable[[str, Step, Controls], str]] = {
        "mood": _mood,
        "auto": _auto,
        "hold": _hold,
        "resume": _resume,
        "sleep": _sleep,
        "camera": _camera,
        "calibrate": _calibrate,
        "status": lambda _rest, _step, controls: controls.status().sentence(),
        "why": _why,
    }
    if word not in commands:
        return f"unknown command {message.strip()[:40]!r}; the commands are {USAGE}"
    try:
        return commands[word](rest.strip(), step, controls)
    except ValueError as error:
        return str(error)


def _mood(name: str, _step: Step, controls: Controls) -> str:
    if name not in set(EMOTIONS):
        raise ValueError(f"mood {name[:40]}: it must be one of {', '.join(EMOTIONS)}")
    controls.policy.ask_for(Emotion(name))
    return f"music for {name}, until you say auto"


def _auto(_rest: str, _step: Step, controls: Controls) -> str:
    controls.policy.ask_for(None)
    return "the music follows the faces"


def _hold(minutes: str, step: Step, controls: Controls) -> str:
    usual = f"{controls.policy.settings.listener.override_minutes:g}"
    duration = _minutes("hold", minutes or usual)
    controls.policy.hold(step.frame.time_s, duration)
    return f"nothing is changed for {duration:g} minutes"


def _resume(_rest: str, _step: Step, controls: Controls) -> str:
    had_timer = controls.policy.sleep_at_s < NEVER
    controls.policy.resume()
    return "automatic changes are allowed again" + ("; the sleep timer is off" if had_timer else "")


def _sleep(minutes: str, step: Step, controls: Controls) -> str:
    if minutes == "off":
        controls.policy.sleep_at_s = NEVER
        if controls.policy.asleep:
            controls.policy.resume()
        return "the sleep timer is off"
    duration = _minutes("sleep", minutes)
    controls.policy.sleep(step.frame.time_s, duration)
    return f"the music fades out in {duration:g} minutes"


def _camera(state: str, _step: Step, controls: Controls) -> str:
    if state not in ("on", "off"):
        raise ValueError(f"camera {state[:40]}: it must be camera on or camera off")
    controls.camera_off(state == "off")
    return f"the camera is {state}"


def _calibrate(forget: str, step: Step, controls: Controls) -> str:
    if forget not in ("", "forget"):
        raise ValueError(f"calibrate {forget[:40]}: it must be calibrate or calibrate forget")
    return controls.forget_calibration() if forget else controls.calibrate(step.frame.time_s)


def _why(_rest: str, step: Step, controls: Controls) -> str:
    seen = "; ".join(f"face {scores.face.track}: {_likeliest(scores)}" for scores in step.scores)
    reason = controls.status().reason or "nothing was put on yet"
    if step.playback is not None and step.playback.listener:
        reason = "somebody chose what plays"
    return f"{reason}. Now: {seen or 'no face'}"


def _likeliest(scores: EmotionScores) -> str:
    """The three likeliest emotions of a face."""
    best = sorted(zip(scores.probabilities, EMOTIONS, strict=True), reverse=True)[:3]
    return ", ".join(f"{emotion} {share:.0%}" for share, emotion in best)


def _minutes(word: str, text: str) -> float:
    """The number of minutes in a message. Raises ValueError unless it is above 0, a day at most."""
    try:
        minutes = float(text)
    except ValueError:
        minutes = -1.0
    if not 0 < minutes <= LONGEST_MINUTES:
        raise ValueError(
            f"{word} {text[:40]}: it must be a number of minutes up to {LONGEST_MINUTES:g}"
        )
    return minutes

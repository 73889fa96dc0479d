"""What people tell the jukebox: `jukebox tell mood happy`, and from any app over MPD.

Both ways lead to `understand`, so that both do the same and give the same answers. Messages from
apps come on MPD's channel "jukebox" (`mpc sendmessage jukebox "mood happy"`); each gets an answer
of one line on "jukebox-status". docs/control.md tells of the other way.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from typing import Any, TypeAlias

from appliance.decide.phrases import UNCLEAR, counted
from appliance.errors import UsageError
from appliance.listener import NEVER
from appliance.records import EMOTIONS, Emotion, EmotionScores, Step
from appliance.remote.controls import Controls

LONGEST_MINUTES = 1440.0
# Of a song that was put on before a restart, or while guests were here: no reason is kept.
NOT_KEPT = "; but its disk cannot be written, so a restart forgets that"
GOES_ON = "the song that was put on before goes on"
USAGE = (
    "mood NAME · looks NAME · auto · hold MINUTES · resume · sleep MINUTES|off · camera on|off ·"
    " calibrate [forget] · status · why"
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the jukebox says. text: one line for people. data: the same and more for programs."""

    text: str
    data: dict[str, Any] = field(default_factory=dict)


Action: TypeAlias = Callable[[Step, Controls], Answer]


def answer(message: str, step: Step, controls: Controls) -> str:
    """Does what the message asks for. Returns one line: what was done, or why it was not."""
    try:
        return understand(message)(step, controls).text
    except UsageError as error:
        return str(error)


def understand(message: str) -> Action:
    """What the message asks for, not yet done. Raises UsageError, which names what can be asked."""
    word, _, rest = message.strip().lower().partition(" ")
    if word not in WORDS:
        raise UsageError(f"unknown command {message.strip()[:40]!r}; the commands are {USAGE}")
    act = WORDS[word].understand(rest.strip())

    def act_and_keep(step: Step, controls: Controls) -> Answer:
        answer = act(step, controls)
        kept = controls.keep_requests()  # before it is answered: the plug may be pulled
        return (
            answer if kept or word not in OUTLIVE else replace(answer, text=answer.text + NOT_KEPT)
        )

    return act_and_keep


def as_request(message: str) -> tuple[str, dict[str, Any]]:
    """A message as the word and the arguments of a request. Raises UsageError."""
    understand(message)
    word, _, rest = message.strip().lower().partition(" ")
    name, value = WORDS[word].argument, rest.strip()
    return word, {name: value == name or value} if name and value else {}


def as_message(word: str, arguments: dict[str, Any]) -> str:
    """A request as the message that says the same. Raises UsageError."""
    name = WORDS[word].argument
    value = arguments.get(name)
    match value:
        case None | False:
            return word
        case True:
            return f"{word} {name}"
        case str() | int() | float():
            return " ".join(f"{word} {value}".split())  # a message is one line
    raise UsageError(f"{word}: {name} must be a text or a number")


def _emotion(word: str, name: str) -> Emotion:
    """The emotion that a message names. Raises UsageError."""
    if name not in set(EMOTIONS):
        raise UsageError(f"{word} {name[:40]}: it must be one of {', '.join(EMOTIONS)}")
    return Emotion(name)


def _mood(name: str) -> Action:
    emotion = _emotion("mood", name)

    def act(step: Step, controls: Controls) -> Answer:
        controls.policy.ask_for(emotion)
        return Answer(f"music for {name}, until you say auto{_but(step)}")

    return act


def _looks(name: str) -> Action:
    emotion = _emotion("looks", name)

    def act(_step: Step, controls: Controls) -> Answer:
        learned = controls.correct(emotion)
        also = f"; {learned}" if learned else ""
        return Answer(f"noted that it looks {name} now{also}; the music stays as it is")

    return act


def _auto(_rest: str) -> Action:
    def act(step: Step, controls: Controls) -> Answer:
        controls.policy.ask_for(None)
        return Answer(f"the music follows the faces{_but(step)}")

    return act


def _hold(text: str) -> Action:
    asked = _minutes("hold", text) if text else None

    def act(step: Step, controls: Controls) -> Answer:
        usual = controls.policy.settings.listener.override_minutes
        minutes = asked or _minutes("hold", f"{usual:g}")
        controls.policy.hold(step.frame.time_s, minutes)
        left = (controls.policy.hold_until_s - step.frame.time_s) / 60.0
        if left < minutes + 0.5:
            return Answer(f"nothing is changed for {counted(minutes, 'minute')}")
        return Answer(
            f"nothing is changed for {counted(round(left), 'minute')}, because somebody used the"
            " player; resume ends that"
        )

    return act


def _resume(_rest: str) -> Action:
    def act(step: Step, controls: Controls) -> Answer:
        had_timer = controls.policy.sleep_at_s < NEVER
        controls.policy.resume()
        also = "; the sleep timer is off" if had_timer else ""
        return Answer(f"automatic changes are allowed again{also}{_but(step)}")

    return act


def _but(step: Step) -> str:
    """Why there is no music all the same, to be appended; "" if nothing stands in the way."""
    refusal = step.playback.refusal if step.playback else ""
    return f"; but {refusal}" if refusal else ""


def _sleep(text: str) -> Action:
    if text == "off":
        return _stay_awake
    minutes = _minutes("sleep", text)

    def act(step: Step, controls: Controls) -> Answer:
        controls.policy.sleep(step.frame.time_s, minutes)
        return Answer(f"the music fades out in {counted(minutes, 'minute')}")

    return act


def _stay_awake(_step: Step, controls: Controls) -> Answer:
    controls.policy.sleep_at_s = NEVER
    if controls.policy.asleep:
        controls.policy.resume()
    return Answer("the sleep timer is off")


def _camera(state: str) -> Action:
    if state not in ("on", "off"):
        raise UsageError(f"camera {state[:40]}: it must be camera on or camera off")

    def act(_step: Step, controls: Controls) -> Answer:
        controls.camera_off(state == "off")
        return Answer(f"the camera is {state}")

    return act


def _calibrate(forget: str) -> Action:
    if forget not in ("", "forget"):
        raise UsageError(f"calibrate {forget[:40]}: it must be calibrate or calibrate forget")

    def act(step: Step, controls: Controls) -> Answer:
        if forget:
            return Answer(controls.forget_calibration())
        return Answer(controls.calibrate(step.frame.time_s))

    return act


def _status(_rest: str) -> Action:
    def act(_step: Step, controls: Controls) -> Answer:
        status = controls.status()
        return Answer(status.sentence(), asdict(status))

    return act


def _why(_rest: str) -> Action:
    return _explain


def _explain(step: Step, controls: Controls) -> Answer:
    seen = "; ".join(f"face {scores.face.track}: {_how(scores)}" for scores in step.scores)
    playing = step.playback
    goes_on = playing is not None and playing.emotion is not None
    reason = controls.status().reason or (GOES_ON if goes_on else "nothing was put on yet")
    if step.playback is not None and step.playback.listener:
        reason = "somebody chose what plays"
    faces = [
        {
            "track": scores.face.track,
            "probabilities": dict(zip(EMOTIONS, map(_rounded, scores.probabilities), strict=True)),
            "picture": scores.picture,
            "unclear": scores.unclear,
        }
        for scores in step.scores
    ]
    return Answer(f"{reason}. Now: {seen or 'no face'}", {"reason": reason, "faces": faces})


def _how(scores: EmotionScores) -> str:
    if scores.picture:
        return "a picture, which is left out"
    return _likeliest(scores) + (f" ({UNCLEAR[scores.unclear]})" if scores.unclear else "")


def _rounded(probability: float) -> float:
    return round(float(probability), 4)


def _likeliest(scores: EmotionScores) -> str:
    """The three likeliest emotions of a face."""
    best = sorted(zip(scores.probabilities, EMOTIONS, strict=True), reverse=True)[:3]
    return ", ".join(f"{emotion} {share:.0%}" for share, emotion in best)


def _minutes(word: str, text: str) -> float:
    """The number of minutes in a message. Raises UsageError unless it is above 0, a day at most."""
    try:
        minutes = float(text)
    except ValueError:
        minutes = -1.0
    if not 0 < minutes <= LONGEST_MINUTES:
        raise UsageError(
            f"{word} {text[:40]}: it must be a number of minutes up to {LONGEST_MINUTES:g}"
        )
    return minutes


@dataclass(frozen=True, slots=True)
class Word:
    """A word that begins a message.

    understand: what the rest of the message asks for; raises UsageError. argument: the name that a
    request gives to this rest; "" where there is none.
    """

    understand: Callable[[str], Action]
    argument: str = ""


OUTLIVE = ("mood", "auto", "hold", "resume", "sleep", "camera")  # what a restart should keep
WORDS = {
    "mood": Word(_mood, "emotion"),
    "looks": Word(_looks, "emotion"),
    "auto": Word(_auto),
    "hold": Word(_hold, "minutes"),
    "resume": Word(_resume),
    "sleep": Word(_sleep, "minutes"),
    "camera": Word(_camera, "state"),
    "calibrate": Word(_calibrate, "forget"),
    "status": Word(_status),
    "why": Word(_why),
}

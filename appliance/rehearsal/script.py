"""The script of a simulated day: who is there, in which mood, and what they do to the player.

One seed decides all of it. The shares and lengths below are assumptions about a day at home, not
measurements (docs/rehearsal.md).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Generic, Literal, TypeVar

from appliance.records import EMOTIONS, Emotion

T = TypeVar("T")

# The mood that comes after neutral, and how often; the shares sum to 1.
FOLLOWS_NEUTRAL = {
    Emotion.HAPPY: 0.35,
    Emotion.SAD: 0.20,
    Emotion.ANGRY: 0.15,
    Emotion.SURPRISE: 0.12,
    Emotion.FEAR: 0.10,
    Emotion.DISGUST: 0.08,
}
BACK_TO_NEUTRAL = 0.7  # the share of other moods that neutral follows
# A mood lasts at least the first of these; a neutral one the second on average, others the third.
SHORTEST_S, NEUTRAL_S, OTHER_S = 90.0, 480.0, 240.0
GRIMACES = (Emotion.SURPRISE, Emotion.DISGUST, Emotion.ANGRY, Emotion.SAD, Emotion.HAPPY)

Light = Literal["dark", "blurred"]
What = Literal["pause", "play", "skip", "queue", "volume"]


@dataclass(frozen=True, slots=True)
class Spell(Generic[T]):
    """Something that lasts from begin_s to end_s."""

    begin_s: float
    end_s: float
    value: T


class Timeline(Generic[T]):
    """Spells in the order of time, with or without gaps; they do not overlap."""

    def __init__(self, spells: Sequence[Spell[T]]) -> None:
        self.spells = tuple(spells)
        self._begins = [spell.begin_s for spell in spells]

    def at(self, time_s: float) -> Spell[T] | None:
        """The spell at this moment; None in a gap."""
        number = bisect_right(self._begins, time_s) - 1
        spell = self.spells[number] if number >= 0 else None
        return spell if spell and time_s < spell.end_s else None

    def begun(self, time_s: float) -> int:
        """How many spells have begun by this moment."""
        return bisect_right(self._begins, time_s)


@dataclass(frozen=True, slots=True)
class ScriptedAction:
    """What the listener does to the player. percent: the new volume, only with "volume"."""

    time_s: float
    what: What
    percent: int = 0


@dataclass(frozen=True, slots=True)
class Script:
    """A simulated day.

    moods: the owner's; in their gaps the owner is away. lights: when the picture is dark or
    blurred. glances: when the owner looks away. grimaces: what the owner's face shows for a moment.
    guests: the moods of two guests. listener_actions: in the order of time.
    """

    length_s: float
    moods: Timeline[Emotion]
    lights: Timeline[Light]
    glances: Timeline[None]
    grimaces: Timeline[Emotion]
    guests: tuple[Timeline[Emotion], Timeline[Emotion]]
    listener_actions: tuple[ScriptedAction, ...]

    def truth_at(self, time_s: float) -> Emotion | None:
        """The owner's mood, which should be found; None while the owner is away."""
        spell = self.moods.at(time_s)
        return spell.value if spell else None

    def is_clear_at(self, time_s: float) -> bool:
        """Whether the owner's face is there, frontal and lit."""
        here = self.truth_at(time_s) is not None
        return here and not self.lights.at(time_s) and not self.glances.at(time_s)


def write(length_s: float, seed: int) -> Script:
    """A day of this length; the same seed gives the same day."""
    random = Random(seed)  # noqa: S311 - nothing secret
    moods = Timeline(tuple(_moods(random, length_s)))
    here = tuple(stays(moods))
    return Script(
        length_s,
        moods,
        Timeline(tuple(_lights(random, moods))),
        Timeline(tuple(_passing(random, here, 90.0, (1.0, 6.0), lambda: None))),
        Timeline(tuple(_passing(random, here, 120.0, (1.0, 4.0), lambda: random.choice(GRIMACES)))),
        _guests(random, here, moods),
        tuple(sorted(_listener_actions(random, here), key=lambda action: action.time_s)),
    )


def at_rest(length_s: float) -> Script:
    """A day on which the owner sits there and looks neutral, and nothing happens."""
    moods = Timeline((Spell(0.0, length_s, Emotion.NEUTRAL),))
    nothing: Timeline[Any] = Timeline(())
    return Script(length_s, moods, nothing, nothing, nothing, (nothing, nothing), ())


def _moods(random: Random, length_s: float) -> Iterator[Spell[Emotion]]:
    """Stays of 25 to 70 minutes, within them moods without gaps, between them absences."""
    now_s, mood = 20.0, Emotion.NEUTRAL
    while now_s < length_s:
        leaves_s = now_s + random.uniform(25 * 60, 70 * 60)
        while now_s < min(leaves_s, length_s):
            mean_s = NEUTRAL_S if mood is Emotion.NEUTRAL else OTHER_S
            lasts_s = SHORTEST_S + random.expovariate(1 / (mean_s - SHORTEST_S))
            end_s = min(now_s + lasts_s, length_s)
            yield Spell(now_s, end_s, mood)
            now_s, mood = end_s, _next_mood(random, mood)
        # A moment at the door, a talk next door, lunch.
        now_s += random.uniform(*random.choice(((20, 50), (120, 360), (900, 1500))))


def _next_mood(random: Random, mood: Emotion) -> Emotion:
    if mood is not Emotion.NEUTRAL and random.random() < BACK_TO_NEUTRAL:
        return Emotion.NEUTRAL
    others = {other: share for other, share in FOLLOWS_NEUTRAL.items() if other is not mood}
    return random.choices(tuple(others), tuple(others.values()))[0]


def stays(moods: Timeline[Emotion]) -> Iterator[Spell[None]]:
    """When a person of these moods is there, from each arrival to each departure."""
    begin_s = end_s = moods.spells[0].begin_s
    for spell in moods.spells:
        if spell.begin_s > end_s:
            yield Spell(begin_s, end_s, None)
            begin_s = spell.begin_s
        end_s = spell.end_s
    yield Spell(begin_s, end_s, None)


def _lights(random: Random, moods: Timeline[Emotion]) -> Iterator[Spell[Light]]:
    """In one of six longer moods the picture is dark or blurred, for half a minute to two minutes.

    Always within one mood, because nobody could know of a change in the dark.
    """
    for mood in moods.spells:
        lasts_s = random.uniform(30.0, 120.0)
        spare_s = mood.end_s - mood.begin_s - lasts_s - 120.0
        if spare_s > 0 and random.random() < 1 / 6:
            begin_s = mood.begin_s + 60.0 + random.uniform(0.0, spare_s)
            yield Spell(begin_s, begin_s + lasts_s, random.choice(("dark", "blurred")))


def _passing(
    random: Random,
    stays: Sequence[Spell[None]],
    every_s: float,
    lasts_s: tuple[float, float],
    draw: Callable[[], T],
) -> Iterator[Spell[T]]:
    """What comes and goes while the owner is there, every_s seconds apart on average."""
    for stay in stays:
        now_s = stay.begin_s + random.expovariate(1 / every_s)
        while now_s < stay.end_s - lasts_s[1]:
            end_s = now_s + random.uniform(*lasts_s)
            yield Spell(now_s, end_s, draw())
            now_s = end_s + random.expovariate(1 / every_s)


def _guests(
    random: Random, stays: Sequence[Spell[None]], moods: Timeline[Emotion]
) -> tuple[Timeline[Emotion], Timeline[Emotion]]:
    """Every 50 minutes a guest comes for 3 to 10 minutes, half of the time with a second one."""
    first: list[Spell[Emotion]] = []
    second: list[Spell[Emotion]] = []
    for visit in _passing(random, stays, 3000.0, (180.0, 600.0), lambda: None):
        owner = moods.at(visit.begin_s)
        shared = owner.value if owner and random.random() < 0.5 else None
        mood = shared or random.choice(EMOTIONS)
        first.append(Spell(visit.begin_s, visit.end_s, mood))
        if random.random() < 0.5:
            later_s = visit.begin_s + random.uniform(30.0, 90.0)
            second.append(Spell(later_s, visit.end_s - 30.0, random.choice(EMOTIONS)))
    return Timeline(first), Timeline(second)


def _listener_actions(random: Random, stays: Sequence[Spell[None]]) -> Iterator[ScriptedAction]:
    """One every 45 minutes on average, while the owner is there; a pause ends after 1 to 8 min."""
    for spell in _passing(random, stays, 2700.0, (60.0, 480.0), lambda: None):
        what: What = random.choice(("pause", "skip", "queue", "volume"))
        yield ScriptedAction(spell.begin_s, what, percent=random.randrange(30, 90))
        if what == "pause":
            yield ScriptedAction(spell.end_s, "play")

"""The script of the day: who is there, in which mood, and what they do to the player.

All of it is drawn from one seed; the shares and lengths below are assumptions about a day at home,
not measurements (docs/rehearsal.md).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Generic, Literal, TypeVar

from appliance.records import EMOTIONS, Emotion

T = TypeVar("T")

# How often a mood follows neutral; after any other mood it is neutral again in 7 of 10 cases.
FOLLOWS_NEUTRAL = {
    Emotion.HAPPY: 0.35,
    Emotion.SAD: 0.20,
    Emotion.ANGRY: 0.15,
    Emotion.SURPRISE: 0.12,
    Emotion.FEAR: 0.10,
    Emotion.DISGUST: 0.08,
}
BACK_TO_NEUTRAL = 0.7
# A mood lasts at least so long, in all 8 minutes on average where neutral, else 4.
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
    """Spells, one after the other, with or without gaps."""

    def __init__(self, spells: Sequence[Spell[T]]) -> None:
        self.spells = tuple(spells)
        self._begins = [spell.begin_s for spell in spells]

    def at(self, time_s: float) -> Spell[T] | None:
        """The spell of this moment, None in a gap."""
        number = bisect_right(self._begins, time_s) - 1
        spell = self.spells[number] if number >= 0 else None
        return spell if spell and time_s < spell.end_s else None


@dataclass(frozen=True, slots=True)
class ScriptedAction:
    """What the listener does to the player. percent: of "volume"."""

    time_s: float
    what: What
    percent: int = 0


@dataclass(frozen=True, slots=True)
class Script:
    """A day. moods: of the owner, who is away in its gaps; guests: the moods of two others."""

    length_s: float
    moods: Timeline[Emotion]
    lights: Timeline[Light]
    glances: Timeline[None]
    grimaces: Timeline[Emotion]
    guests: tuple[Timeline[Emotion], Timeline[Emotion]]
    doings: tuple[ScriptedAction, ...]

    def truth_at(self, time_s: float) -> Emotion | None:
        """The mood that should be found, None while the owner is away."""
        spell = self.moods.at(time_s)
        return spell.value if spell else None


def write(length_s: float, seed: int) -> Script:
    """A day of this length."""
    random = Random(seed)  # noqa: S311 - a day, no secret
    moods = Timeline(tuple(_moods(random, length_s)))
    here = tuple(_stays(moods))
    return Script(
        length_s,
        moods,
        Timeline(tuple(_lights(random, moods))),
        Timeline(tuple(_passing(random, here, 90.0, (1.0, 6.0), lambda: None))),
        Timeline(tuple(_passing(random, here, 120.0, (1.0, 4.0), lambda: random.choice(GRIMACES)))),
        _guests(random, here, moods),
        tuple(sorted(_doings(random, here), key=lambda doing: doing.time_s)),
    )


def at_rest(length_s: float) -> Script:
    """The owner sits there and shows nothing."""
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


def _stays(moods: Timeline[Emotion]) -> Iterator[Spell[None]]:
    """When the owner is there, from coming to leaving."""
    begin_s = end_s = moods.spells[0].begin_s
    for spell in moods.spells:
        if spell.begin_s > end_s:
            yield Spell(begin_s, end_s, None)
            begin_s = spell.begin_s
        end_s = spell.end_s
    yield Spell(begin_s, end_s, None)


def _lights(random: Random, moods: Timeline[Emotion]) -> Iterator[Spell[Light]]:
    """In one of six longer moods the light goes or the picture blurs, for half to two minutes.

    Always within a mood: what changes in the dark nobody could know.
    """
    for mood in moods.spells:
        lasts_s = random.uniform(30.0, 120.0)
        room_s = mood.end_s - mood.begin_s - lasts_s - 120.0
        if room_s > 0 and random.random() < 1 / 6:
            begin_s = mood.begin_s + 60.0 + random.uniform(0.0, room_s)
            yield Spell(begin_s, begin_s + lasts_s, random.choice(("dark", "blurred")))


def _passing(
    random: Random,
    stays: Sequence[Spell[None]],
    every_s: float,
    lasts_s: tuple[float, float],
    draw: Callable[[], T],
) -> Iterator[Spell[T]]:
    """What comes and goes while the owner is there."""
    for stay in stays:
        now_s = stay.begin_s + random.expovariate(1 / every_s)
        while now_s < stay.end_s - lasts_s[1]:
            end_s = now_s + random.uniform(*lasts_s)
            yield Spell(now_s, end_s, draw())
            now_s = end_s + random.expovariate(1 / every_s)


def _guests(
    random: Random, stays: Sequence[Spell[None]], moods: Timeline[Emotion]
) -> tuple[Timeline[Emotion], Timeline[Emotion]]:
    """About once an hour somebody comes by for 3 to 10 minutes, half the time with another."""
    first: list[Spell[Emotion]] = []
    second: list[Spell[Emotion]] = []
    for visit in _passing(random, stays, 3000.0, (180.0, 600.0), lambda: None):
        owners = moods.at(visit.begin_s)
        shared = owners.value if owners and random.random() < 0.5 else None
        mood = shared or random.choice(EMOTIONS)
        first.append(Spell(visit.begin_s, visit.end_s, mood))
        if random.random() < 0.5:
            later_s = visit.begin_s + random.uniform(30.0, 90.0)
            second.append(Spell(later_s, visit.end_s - 30.0, random.choice(EMOTIONS)))
    return Timeline(first), Timeline(second)


def _doings(random: Random, stays: Sequence[Spell[None]]) -> Iterator[ScriptedAction]:
    """About every 45 minutes, while the owner is there."""
    for each in _passing(random, stays, 2700.0, (60.0, 480.0), lambda: None):
        what: What = random.choice(("pause", "skip", "queue", "volume"))
        yield ScriptedAction(each.begin_s, what, percent=random.randrange(30, 90))
        if what == "pause":
            yield ScriptedAction(each.end_s, "play")

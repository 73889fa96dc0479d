"""The script of a day with several people, a poster and a TV, as a DayFile describes it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any, Literal

from appliance.records import EMOTIONS, Emotion
from appliance.rehearsal import script
from appliance.rehearsal.day_file import DayFile, FaceHabits, OtherPeople, Span, Tv
from appliance.rehearsal.script import Script, Spell, T, Timeline

# After they arrive, people look into the room for so long before they first turn away.
FACES_THE_ROOM_S = 3.0
FRONTAL_DEGREES = 20.0  # of tilt, at the most, for a face to be called frontal
BLINK_S = 0.25

Hidden = Literal["hand", "turned"]


@dataclass(frozen=True, slots=True)
class PersonScript:
    """What one person does.

    moods: in their gaps they are away. expressions: in their gaps the face rests. tilts: degrees,
    clockwise. hidden: by what.
    """

    moods: Timeline[Emotion]
    expressions: Timeline[Emotion]
    tilts: Timeline[float]
    hidden: Timeline[Hidden]
    blinks: Timeline[None]


@dataclass(frozen=True, slots=True)
class Household:
    """A day. script: the owner's, by which the day is judged. tv: what its shots show, if a face.

    passers_by: each with the spell in which they cross the room. dim: when the light is low.
    """

    script: Script
    owner: PersonScript
    guests: tuple[PersonScript, ...]
    passers_by: tuple[PersonScript, ...]
    tv: Timeline[Emotion | None]
    dim: Timeline[None]

    def is_clear_at(self, time_s: float) -> bool:
        """Whether the owner's face is there, frontal and lit."""
        tilt = self.owner.tilts.at(time_s)
        return (
            self.script.truth_at(time_s) is not None
            and not self.owner.hidden.at(time_s)
            and not self.dim.at(time_s)
            and (tilt is None or abs(tilt.value) <= FRONTAL_DEGREES)
        )


def write(day: DayFile, length_s: float, seed: int) -> Household:
    """A day of this length; the same seed gives the same day."""
    base = script.write(length_s, seed)
    random = Random(f"household {seed}")  # noqa: S311 - nothing secret
    nothing: Timeline[None] = Timeline(())
    owner = _person(random, day.face, base.moods)
    return Household(
        replace(base, lights=Timeline(()), glances=nothing, grimaces=Timeline(())),
        owner,
        tuple(_person(random, day.face, m) for m in _guests(random, day.people, base.moods)),
        tuple(_person(random, day.face, m) for m in _passers_by(random, day.people, length_s)),
        Timeline(tuple(_tv(random, day.tv, length_s))),
        Timeline((_block(random, day.light.dim_share, length_s),)),
    )


def alone(expressions: Timeline[Emotion], length_s: float) -> Household:
    """The owner sits there alone in good light, upright, and shows these expressions."""
    base = script.at_rest(length_s)
    nothing: Timeline[Any] = Timeline(())
    owner = PersonScript(base.moods, expressions, nothing, nothing, nothing)
    return Household(base, owner, (), (), nothing, nothing)


def _person(random: Random, habits: FaceHabits, moods: Timeline[Emotion]) -> PersonScript:
    stays = tuple(script.stays(moods)) if moods.spells else ()
    hidden_gap_s = _mean(habits.hidden_s) * (1 - habits.hidden_share) / (habits.hidden_share or 1)
    return PersonScript(
        moods,
        Timeline(tuple(_expressions(random, habits, moods))),
        Timeline(tuple(_tilts(random, habits, stays))),
        Timeline(
            tuple(
                _now_and_then(random, stays, hidden_gap_s, habits.hidden_s, lambda: _hidden(random))
            )
            if habits.hidden_share
            else ()
        ),
        Timeline(tuple(_blinks(random, habits, stays))),
    )


def _expressions(
    random: Random, habits: FaceHabits, moods: Timeline[Emotion]
) -> Iterator[Spell[Emotion]]:
    """A mood begins with an expression of it; then the face rests for most of the time."""
    rest_s = _mean(habits.expression_s) * habits.rest_share / (1 - habits.rest_share)
    for mood in moods.spells:
        now_s, shown = mood.begin_s, mood.value
        while now_s < mood.end_s:
            end_s = min(now_s + random.uniform(*habits.expression_s), mood.end_s)
            yield Spell(now_s, end_s, shown)
            now_s = end_s + random.expovariate(1 / rest_s)
            is_wrong = random.random() < habits.wrong_share
            shown = _other_than(random, mood.value) if is_wrong else mood.value


def _other_than(random: Random, emotion: Emotion) -> Emotion:
    return random.choice([other for other in EMOTIONS if other is not emotion])


def _tilts(
    random: Random, habits: FaceHabits, stays: Sequence[Spell[None]]
) -> Iterator[Spell[float]]:
    for stay in stays:
        now_s = stay.begin_s
        while now_s < stay.end_s:
            end_s = min(now_s + random.uniform(*habits.tilt_s), stay.end_s)
            yield Spell(now_s, end_s, random.gauss(0.0, habits.tilt_degrees))
            now_s = end_s


def _now_and_then(
    random: Random,
    stays: Sequence[Spell[None]],
    gap_s: float,
    lasts_s: Span,
    draw: Callable[[], T],
) -> Iterator[Spell[T]]:
    for stay in stays:
        now_s = stay.begin_s + FACES_THE_ROOM_S + random.expovariate(1 / gap_s)
        while now_s < stay.end_s:
            end_s = min(now_s + random.uniform(*lasts_s), stay.end_s)
            yield Spell(now_s, end_s, draw())
            now_s = end_s + random.expovariate(1 / gap_s)


def _hidden(random: Random) -> Hidden:
    return random.choice(("hand", "turned"))


def _blinks(
    random: Random, habits: FaceHabits, stays: Sequence[Spell[None]]
) -> Iterator[Spell[None]]:
    for stay in stays:
        now_s = stay.begin_s + random.uniform(*habits.blink_every_s)
        while now_s < stay.end_s:
            yield Spell(now_s, now_s + BLINK_S, None)
            now_s += BLINK_S + random.uniform(*habits.blink_every_s)


def _guests(
    random: Random, people: OtherPeople, moods: Timeline[Emotion]
) -> Iterator[Timeline[Emotion]]:
    """Each guest's one visit, in one mood, within a stay of the owner."""
    stays = tuple(script.stays(moods))
    for _ in range(people.guests):
        stay = random.choice(stays)
        lasts_s = min(60 * random.uniform(*people.guest_minutes), stay.end_s - stay.begin_s)
        begin_s = random.uniform(stay.begin_s, stay.end_s - lasts_s)
        yield Timeline((Spell(begin_s, begin_s + lasts_s, random.choice(EMOTIONS)),))


def _passers_by(
    random: Random, people: OtherPeople, length_s: float
) -> Iterator[Timeline[Emotion]]:
    for _ in range(people.passers_by):
        lasts_s = random.uniform(*people.passer_s)
        begin_s = random.uniform(0.0, length_s - lasts_s)
        yield Timeline((Spell(begin_s, begin_s + lasts_s, random.choice(EMOTIONS)),))


def _tv(random: Random, tv: Tv, length_s: float) -> Iterator[Spell[Emotion | None]]:
    """Shots of faces and of other things, in one half of the time before noon, one after."""
    half_s = length_s / 2
    for begin_s in (0.0, half_s):
        block = _block(random, tv.share, half_s)
        now_s, end_s = begin_s + block.begin_s, begin_s + block.end_s
        while now_s < end_s:
            shot_ends_s = min(now_s + random.uniform(*tv.shot_s), end_s)
            shows_face = random.random() < tv.face_share
            yield Spell(now_s, shot_ends_s, random.choice(EMOTIONS) if shows_face else None)
            now_s = shot_ends_s


def _block(random: Random, share: float, length_s: float) -> Spell[None]:
    """One stretch of this share of the length."""
    lasts_s = share * length_s
    begin_s = random.uniform(0.0, length_s - lasts_s)
    return Spell(begin_s, begin_s + lasts_s, None)


def _mean(span: Span) -> float:
    return (span[0] + span[1]) / 2

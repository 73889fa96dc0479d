"""The figures of a simulated day: its diary, compared with the truth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from math import inf
from statistics import quantiles
from typing import Any

from appliance.records import EMOTIONS, Emotion
from appliance.rehearsal.day import Diary, Moment
from appliance.rehearsal.player import Action

GRACE_S = 40.0  # after each change of the truth, nothing is judged for this long
LASTING_S = 60.0  # shorter moods are not counted as changes; only the end of the day makes them
RESPECT_S = 600.0  # after each listener action, the jukebox must not act for this long


@dataclass(frozen=True, slots=True)
class Settle:
    """Seconds from a lasting change of the truth to the settled mood."""

    median: float
    p90: float


@dataclass(frozen=True, slots=True)
class Figures:
    """First the figures that have goals, then the counts behind them; docs/rehearsal.md says more.

    Shares are 0…1, and None if there was no time to judge. The keys of --json are these names.
    """

    right_share: float | None
    music_right_share: float | None
    wrong_changes_per_hour: float | None
    settle_s: Settle | None
    against_listener: int
    changes_while_uncertain_or_away: int
    hours: float
    attended_hours: float
    in_charge_hours: float
    uncertain_share: float | None
    mood_changes: int
    never_settled: int
    music_changes: int
    wrong_changes: int
    listener_actions: int
    right_share_by_mood: dict[str, float]
    uncertain_when_clear_share: float | None
    presence_s: float | None

    def as_dict(self) -> dict[str, Any]:
        """The figures for JSON, rounded to four digits after the point."""
        rounded: dict[str, Any] = _rounded(asdict(self))
        # The former name of "listener_actions", for one more release.
        return rounded | {"doings": self.listener_actions}


@dataclass(frozen=True, slots=True)
class _Change:
    """The owner's mood became `truth` at begin_s and stayed so until end_s."""

    begin_s: float
    end_s: float
    truth: Emotion


def figures(diary: Diary) -> Figures:
    """The figures of a diary, which has at least two moments."""
    step_s = diary.moments[1].time_s - diary.moments[0].time_s
    attended = [moment for moment in diary.moments if moment.truth]
    judged = list(_after_grace(diary.moments))
    in_charge = list(_in_charge_for_long(judged, diary.moments))
    changes = list(_changes(diary))
    settled = [_settle_s(change, diary.moments, step_s) for change in changes]
    music = [action for action in diary.actions if _changes_music(action)]
    wrong = [action for action in music if _is_wrong(action, diary)]
    in_charge_h = step_s * sum(moment.in_charge for moment in attended) / 3600
    return Figures(
        right_share=_share([moment.mood.emotion is moment.truth for moment in judged]),
        music_right_share=_share([moment.music is moment.truth for moment in in_charge]),
        wrong_changes_per_hour=len(wrong) / in_charge_h if in_charge_h else None,
        settle_s=_summary(changes, settled),
        against_listener=sum(map(_Respect(diary.actions).is_broken_by, diary.actions)),
        changes_while_uncertain_or_away=sum(_is_blind(action, diary, step_s) for action in music),
        hours=diary.script.length_s / 3600,
        attended_hours=step_s * len(attended) / 3600,
        in_charge_hours=in_charge_h,
        uncertain_share=_share([moment.mood.emotion is None for moment in judged]),
        mood_changes=len(changes),
        never_settled=settled.count(None),
        music_changes=len(music),
        wrong_changes=len(wrong),
        listener_actions=sum(not action.by_jukebox for action in diary.actions),
        right_share_by_mood=dict(_by_mood(judged)),
        uncertain_when_clear_share=_share(
            [moment.mood.emotion is None for moment in judged if moment.clear]
        ),
        presence_s=max(_presence_s(diary.moments), default=None),
    )


def _after_grace(moments: Sequence[Moment]) -> Iterator[Moment]:
    """The moments with somebody there, without the first GRACE_S of each mood or stay."""
    begin_s, last = 0.0, None
    for moment in moments:
        if moment.truth is not last:
            begin_s, last = moment.time_s, moment.truth
        if moment.truth and moment.time_s - begin_s >= GRACE_S:
            yield moment


def _in_charge_for_long(judged: Sequence[Moment], moments: Sequence[Moment]) -> Iterator[Moment]:
    """Those of the judged moments at which the jukebox had been in charge for GRACE_S."""
    since: dict[float, float] = {}
    begin_s: float | None = None
    for moment in moments:
        begin_s = None if not moment.in_charge else moment.time_s if begin_s is None else begin_s
        since[moment.time_s] = moment.time_s if begin_s is None else begin_s
    for moment in judged:
        if moment.in_charge and moment.time_s - since[moment.time_s] >= GRACE_S:
            yield moment


def _changes(diary: Diary) -> Iterator[_Change]:
    """Each lasting change of the owner's mood; to come back in the same mood is not a change."""
    before: Emotion | None = None
    for spell in diary.script.moods.spells:
        if spell.value is not before and spell.end_s - spell.begin_s >= LASTING_S:
            yield _Change(spell.begin_s, spell.end_s, spell.value)
        before = spell.value


def _settle_s(change: _Change, moments: Sequence[Moment], step_s: float) -> float | None:
    """Seconds from the change to the first moment with this mood; None if there was none."""
    for moment in moments[round(change.begin_s / step_s) :]:
        if moment.time_s >= change.end_s:
            return None
        if moment.time_s >= change.begin_s and moment.mood.emotion is change.truth:
            return moment.time_s - change.begin_s
    return None


def _presence_s(moments: Sequence[Moment]) -> Iterator[float]:
    """Seconds from each arrival of the owner until it is known that somebody is here."""
    came_s: float | None = None
    was_here = False
    for moment in moments:
        is_here = moment.truth is not None
        if is_here and not was_here:
            came_s = moment.time_s
        was_here = is_here
        if came_s is not None and (moment.mood.state != "nobody" or not is_here):
            yield moment.time_s - came_s
            came_s = None


def _changes_music(action: Action) -> bool:
    """Whether the jukebox put on music of another mood; the first music of a day is a change."""
    return action.by_jukebox and action.emotion is not None and action.emotion is not action.before


def _is_wrong(action: Action, diary: Diary) -> bool:
    """Whether the music fits neither the owner's mood now nor that of GRACE_S before."""
    lately = [action.time_s - GRACE_S, action.time_s]
    return action.emotion not in {diary.script.truth_at(time_s) for time_s in lately}


def _is_blind(action: Action, diary: Diary, step_s: float) -> bool:
    """Whether the mood was uncertain, or nobody was there, neither then nor a frame before."""
    moment = diary.moments[round(action.time_s / step_s)]
    here = diary.script.truth_at(action.time_s) or diary.script.truth_at(action.time_s - step_s)
    return moment.mood.emotion is None or here is None


class _Respect:
    """The time after each listener action in which the jukebox must not change anything.

    It ends early when the listener's own songs have run out.
    """

    def __init__(self, actions: Sequence[Action]) -> None:
        self._listener_s = [action.time_s for action in actions if not action.by_jukebox]
        self._ran_out_s = [action.time_s for action in actions if action.after_own_songs]

    def is_broken_by(self, action: Action) -> bool:
        """Whether the jukebox acted within this time, other than by going on as before."""
        if not action.by_jukebox or action.after_own_songs or not self._lasts(action.time_s):
            return False
        goes_on = action.what in ("append", "switch") and action.emotion is action.before
        return not goes_on

    def _lasts(self, time_s: float) -> bool:
        ended_s = max((end_s for end_s in self._ran_out_s if end_s <= time_s), default=-inf)
        return any(
            ended_s < listener_s <= time_s < listener_s + RESPECT_S
            for listener_s in self._listener_s
        )


def _by_mood(judged: Sequence[Moment]) -> Iterator[tuple[str, float]]:
    """(emotion, share of its moments at which the mood was right); no emotion that never was."""
    for emotion in EMOTIONS:
        right = [moment.mood.emotion is emotion for moment in judged if moment.truth is emotion]
        if right:
            yield emotion.value, sum(right) / len(right)


def _summary(changes: Sequence[_Change], settled_s: Sequence[float | None]) -> Settle | None:
    """A change that was never followed counts with the whole time that it lasted."""
    seconds = [
        change.end_s - change.begin_s if took_s is None else took_s
        for change, took_s in zip(changes, settled_s, strict=True)
    ]
    if len(seconds) < 2:
        return None
    deciles = quantiles(seconds, n=10, method="inclusive")
    return Settle(median=deciles[4], p90=deciles[8])


def _share(right: Sequence[bool]) -> float | None:
    return sum(right) / len(right) if right else None


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(inner) for key, inner in value.items()}
    return round(value, 4) if isinstance(value, float) else value

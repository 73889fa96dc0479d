"""What a day was worth: the diary against the truth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from statistics import quantiles
from typing import Any

from appliance.records import EMOTIONS, Emotion
from appliance.rehearsal.day import Diary, Moment
from appliance.rehearsal.player import Action

GRACE_S = 40.0  # after each change of the truth
LASTING_S = 60.0  # only the end of the day cuts a mood shorter
RESPECT_S = 600.0  # after each doing of the listener's


@dataclass(frozen=True, slots=True)
class Settle:
    """Seconds from a lasting change to the settled mood."""

    median: float
    p90: float


@dataclass(frozen=True, slots=True)
class Figures:
    """The goals' figures first, then the counts behind them. Shares are None of no time at all."""

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
    doings: int
    right_share_by_mood: dict[str, float]

    def as_dict(self) -> dict[str, Any]:
        """For JSON, rounded."""
        rounded: dict[str, Any] = _rounded(asdict(self))
        return rounded


@dataclass(frozen=True, slots=True)
class _Change:
    """The truth became `truth` and stayed so until end_s."""

    begin_s: float
    end_s: float
    truth: Emotion


def figures(diary: Diary) -> Figures:
    """Everything that the goals ask for."""
    step_s = diary.moments[1].time_s - diary.moments[0].time_s
    attended = [moment for moment in diary.moments if moment.truth]
    judged = list(_after_grace(diary.moments))
    free = list(_in_charge_for_long(judged, diary.moments))
    changes = list(_changes(diary))
    settled = [_settle_s(change, diary.moments, step_s) for change in changes]
    music = [deed for deed in diary.deeds if _changes_music(deed)]
    wrong = [deed for deed in music if _is_wrong(deed, diary)]
    in_charge_h = step_s * sum(moment.in_charge for moment in attended) / 3600
    return Figures(
        right_share=_share([moment.mood.emotion is moment.truth for moment in judged]),
        music_right_share=_share([moment.music is moment.truth for moment in free]),
        wrong_changes_per_hour=len(wrong) / in_charge_h if in_charge_h else None,
        settle_s=_summary([s if s is not None else c.end_s - c.begin_s
                           for s, c in zip(settled, changes, strict=True)]),
        against_listener=sum(map(_Respect(diary.deeds).is_broken_by, diary.deeds)),
        changes_while_uncertain_or_away=sum(_is_blind(deed, diary, step_s) for deed in music),
        hours=diary.script.length_s / 3600,
        attended_hours=step_s * len(attended) / 3600,
        in_charge_hours=in_charge_h,
        uncertain_share=_share([moment.mood.emotion is None for moment in judged]),
        mood_changes=len(changes),
        never_settled=settled.count(None),
        music_changes=len(music),
        wrong_changes=len(wrong),
        doings=sum(not deed.by_box for deed in diary.deeds),
        right_share_by_mood=dict(_by_mood(judged)),
    )  # fmt: skip


def _after_grace(moments: Sequence[Moment]) -> Iterator[Moment]:
    """Those with somebody there, but for the first GRACE_S of each mood or stay."""
    begin_s, last = 0.0, None
    for moment in moments:
        if moment.truth is not last:
            begin_s, last = moment.time_s, moment.truth
        if moment.truth and moment.time_s - begin_s >= GRACE_S:
            yield moment


def _in_charge_for_long(judged: Sequence[Moment], moments: Sequence[Moment]) -> Iterator[Moment]:
    """Those in which the music was the box's affair, and had been for GRACE_S."""
    since: dict[float, float] = {}
    begin_s: float | None = None
    for moment in moments:
        begin_s = None if not moment.in_charge else moment.time_s if begin_s is None else begin_s
        since[moment.time_s] = moment.time_s if begin_s is None else begin_s
    for moment in judged:
        if moment.in_charge and moment.time_s - since[moment.time_s] >= GRACE_S:
            yield moment


def _changes(diary: Diary) -> Iterator[_Change]:
    """Each lasting change of the owner's mood; coming back in the mood they went in is none."""
    before: Emotion | None = None
    for spell in diary.script.moods.spells:
        if spell.value is not before and spell.end_s - spell.begin_s >= LASTING_S:
            yield _Change(spell.begin_s, spell.end_s, spell.value)
        before = spell.value


def _settle_s(change: _Change, moments: Sequence[Moment], step_s: float) -> float | None:
    """From the change to the first moment with this mood; None if there was none in time."""
    for moment in moments[round(change.begin_s / step_s) :]:
        if moment.time_s >= change.end_s:
            return None
        if moment.time_s >= change.begin_s and moment.mood.emotion is change.truth:
            return moment.time_s - change.begin_s
    return None


def _changes_music(deed: Action) -> bool:
    return deed.by_box and deed.emotion is not None and deed.emotion is not deed.before


def _is_wrong(deed: Action, diary: Diary) -> bool:
    """Whether nobody there has been in such a mood for GRACE_S; music that begins is judged too."""
    lately = [deed.time_s - GRACE_S, deed.time_s]
    return deed.emotion not in {diary.script.truth_at(time_s) for time_s in lately}


def _is_blind(deed: Action, diary: Diary, step_s: float) -> bool:
    """Whether the mood was uncertain, or nobody was there, neither then nor for a frame before."""
    moment = diary.moments[round(deed.time_s / step_s)]
    here = diary.script.truth_at(deed.time_s) or diary.script.truth_at(deed.time_s - step_s)
    return moment.mood.emotion is None or here is None


class _Respect:
    """Knows when the listener did something, and when their songs had run out: that ends it."""

    def __init__(self, deeds: Sequence[Action]) -> None:
        self._doings_s = [deed.time_s for deed in deeds if not deed.by_box]
        self._ran_out_s = [deed.time_s for deed in deeds if deed.after_own_songs]

    def is_broken_by(self, deed: Action) -> bool:
        """Whether the box acted too soon after the listener, other than by going on as before."""
        if not deed.by_box or deed.after_own_songs or not self._is_fresh(deed.time_s):
            return False
        goes_on = deed.what in ("append", "switch") and deed.emotion is deed.before
        return not goes_on

    def _is_fresh(self, time_s: float) -> bool:
        begin_s = max((one for one in self._ran_out_s if one <= time_s), default=float("-inf"))
        return any(begin_s < doing_s <= time_s < doing_s + RESPECT_S for doing_s in self._doings_s)


def _by_mood(judged: Sequence[Moment]) -> Iterator[tuple[str, float]]:
    for emotion in EMOTIONS:
        right = [moment.mood.emotion is emotion for moment in judged if moment.truth is emotion]
        if right:
            yield emotion.value, sum(right) / len(right)


def _summary(seconds: Sequence[float]) -> Settle | None:
    """A change that was never followed counts with the whole time that it lasted."""
    if len(seconds) < 2:
        return None
    deciles = quantiles(seconds, n=10, method="inclusive")
    return Settle(median=deciles[4], p90=deciles[8])


def _share(right: Sequence[bool]) -> float | None:
    return sum(right) / len(right) if right else None


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(one) for key, one in value.items()}
    return round(value, 4) if isinstance(value, float) else value

"""What people asked for, against what the jukebox did and what was to be heard. Pure.

The rules are those of docs/mpd.md, counted from outside: from the commands that MPD accepted and
from its status five times a second, never from what the jukebox says of itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from three_apps.records import JUKEBOX, MODES, Command, Finding, Sight
from three_apps.wishes import ASKS, Wishes

LONGEST_SILENCE_S = 10.0
NEAR_END_S = 2.0  # so near to the end of a song, the next one is no change
STANDS_STILL_S = 1.5  # MPD tells the place in a song in steps of up to half a second
SAME_MOMENT_S = 1.0  # who of two people was first within it, the jukebox cannot know
NOTICED_S = 0.1  # just before a change the jukebox asks MPD for its status
OFFER_AFTER_S = 9.0  # 10 s, less what its own clock and MPD's may differ
SETTLES_S = 3.0  # a volume or a mode may be another's for so long, besides a fade
# What it does besides playing: see docs/mpd.md.
HARMLESS = ("pause", "clearerror", ASKS, "rm", "save", "playlistadd", "playlistclear")


@dataclass(frozen=True, slots=True)
class Rules:
    """override_s: for so long nothing is changed after a deed; crossfade_s: of a whole fade."""

    override_s: float
    crossfade_s: float


@dataclass(slots=True)
class Report:
    findings: list[Finding]
    deeds: Counter[str]
    orders: Counter[str]
    played_s: float
    asked_silence_s: float
    unasked_silence_s: float


def compare(commands: Iterable[Command], sights: Iterable[Sight], rules: Rules) -> Report:
    """Everything in the order in which it happened."""
    events: list[tuple[float, Command | Sight]] = [(sight.time_s, sight) for sight in sights]
    events += [(command.sent_s, command) for command in commands]
    comparison = Comparison(rules)
    for _, event in sorted(events, key=lambda pair: pair[0]):
        comparison.take(event)
    comparison.end()
    return comparison.report


class Comparison:
    """Goes through a session and knows at each moment what people want."""

    def __init__(self, rules: Rules) -> None:
        self.report = Report([], Counter(), Counter(), 0.0, 0.0, 0.0)
        self._rules = rules
        self._wishes = Wishes()
        self._silent_since_s: float | None = None
        self._heard = False  # the music has begun
        self._moved_s = 0.0  # when the place in the song last changed
        self._own: dict[str, str] = {}  # songs of the jukebox's, and their uri
        self._added_s: dict[str, float] = {}
        self._differs_since_s: dict[str, float] = {}

    def take(self, event: Command | Sight) -> None:
        if isinstance(event, Sight):
            self._see(event)
        elif event.who == JUKEBOX:
            self.report.orders[event.verb] += 1
            self._judge(event)
        elif self._wishes.take(event):
            self.report.deeds[event.value if event.verb == ASKS else event.verb] += 1

    # The jukebox

    def _judge(self, order: Command) -> None:
        verb, value = order.verb, order.value
        if verb in ("addid", "add"):
            self._own[order.song_id] = value
            self._added_s[order.song_id] = order.sent_s
            cleared = self._wishes.quiet.get("clear")
            if cleared and order.sent_s < cleared.done_s + OFFER_AFTER_S:
                self._undone(cleared, order)
            elif self._wishes.mood and self._wishes.mood.words[2].split()[1] not in value:
                self._undone(self._wishes.mood, order)
        elif verb in ("playid", "play") or (verb == "pause" and value == "0"):
            self._judge_playing(order)
        elif verb == "setvol":
            self._judge_volume(order)
        elif verb == "deleteid":
            if value not in self._own:
                self._undone(None, order, "a person's song is removed")
        elif verb not in HARMLESS:
            self._undone(self._wishes.last, order)

    def _judge_playing(self, order: Command) -> None:
        wishes = {
            why: deed for why, deed in self._wishes.quiet.items() if deed.done_s < order.sent_s
        }
        if "clear" in wishes and not self._holds(order.sent_s):
            del wishes["clear"]  # it may begin again by itself
        if wishes:
            self._undone(max(wishes.values(), key=lambda deed: deed.done_s), order)
        elif order.verb == "playid" and self._is_amid_a_song(order):
            self._judge_change(order)
        self._wishes.played(order.value if order.verb == "playid" else self._wishes.now.song_id)

    def _judge_change(self, order: Command) -> None:
        """Another song before the end of one."""
        begun_s = self._added_s.get(order.value, order.sent_s)  # of a fade, perhaps
        told_s = self._wishes.told.done_s + SAME_MOMENT_S if self._wishes.told else float("-inf")
        chosen = self._wishes.playing
        before = next(
            (deed for deed in reversed(self._wishes.deeds) if deed.done_s < begun_s), None
        )
        if chosen and begun_s < chosen.done_s < order.sent_s - NOTICED_S:
            self._undone(chosen, order)
        elif self._wishes.now.song_id not in self._own and (
            chosen is None or chosen.done_s > told_s
        ):
            self._undone(chosen, order, "a song of their own plays")
        elif before and told_s < before.done_s and begun_s < before.done_s + self._rules.override_s:
            self._undone(before, order)

    def _judge_volume(self, order: Command) -> None:
        deed = self._wishes.volume
        if (
            deed is None
            or order.value == deed.value
            or self._is_newer(self._wishes.told, deed.done_s - SAME_MOMENT_S)
        ):
            return
        if deed.done_s + NOTICED_S < order.sent_s < deed.done_s + self._rules.override_s:
            self._undone(deed, order)

    def _holds(self, time_s: float) -> bool:
        return (
            self._wishes.last is not None
            and time_s < self._wishes.last.done_s + self._rules.override_s
        )

    def _is_amid_a_song(self, order: Command) -> bool:
        now, last = self._wishes.now, self._wishes.last
        left_s, since_s = now.left_s, now.time_s
        if last and last.verb == "seekid" and last.done_s > now.time_s:  # MPD hangs since then
            left_s, since_s = now.elapsed_s + now.left_s - float(last.words[-1]), last.done_s
        return now.state == "play" and left_s - (order.sent_s - since_s) > NEAR_END_S

    @staticmethod
    def _is_newer(deed: Command | None, than_s: float) -> bool:
        return deed is not None and deed.done_s > than_s

    def _undone(self, deed: Command | None, order: Command, what: str = "") -> None:
        since_s = deed.done_s if deed else order.sent_s
        said = f"{' '.join(order.words)} after {' '.join(deed.words)}" if deed else str(order)
        said += f" of {deed.who}, {order.sent_s - since_s:.2f} s later" if deed else ""
        self._find("deed undone", since_s, order.done_s, f"{said}; {what}" if what else said)

    # MPD

    def _see(self, sight: Sight) -> None:
        before, self._wishes.now = self._wishes.now, sight
        passed_s = sight.time_s - before.time_s if before.time_s else 0.0
        if before.state == "play" and sight.state != "play":
            self._see_stop(before, sight)
        if (before.song_id, before.elapsed_s) != (sight.song_id, sight.elapsed_s):
            self._moved_s = sight.time_s
        moves = sight.time_s - self._moved_s < STANDS_STILL_S
        if sight.state == "play" and moves and not self._wishes.off:
            self.report.played_s += passed_s
            self._see_music(sight)
        elif self._wishes.quiet or self._wishes.off or not self._heard:
            self.report.asked_silence_s += passed_s
            self._end_silence(before.time_s)
        else:
            self.report.unasked_silence_s += passed_s
            if self._silent_since_s is None:
                self._silent_since_s = before.time_s
        self._compare_volume_and_modes(sight)

    def _see_stop(self, before: Sight, sight: Sight) -> None:
        """It has just become silent: perhaps because people want one song at a time, or none."""
        single, last = self._wishes.modes.get("single"), self._wishes.last
        if single and before.modes[MODES.index("single")] != "0" and not self._wishes.off:
            self._wishes.quiet.setdefault("single", single)
        deleted = last and last.verb in ("delete", "deleteid")
        if last and deleted and sight.length == 0 and sight.time_s - last.done_s < 1.0:
            self._wishes.quiet.setdefault("clear", last)

    def _see_music(self, sight: Sight) -> None:
        self._end_silence(sight.time_s)
        self._heard = True
        for why, deed in list(self._wishes.quiet.items()):
            asked = self._is_newer(self._wishes.playing, deed.done_s)  # next, or a seek
            if not asked and sight.time_s - deed.done_s > 1.0 and why != "single":
                what = f"{' '.join(deed.words)} of {deed.who}: it plays, and nobody asked for it"
                self._find("deed undone", deed.done_s, sight.time_s, what)
            if asked or why == "single" or sight.time_s - deed.done_s > 1.0:
                del self._wishes.quiet[why]

    def end(self) -> None:
        self._end_silence(self._wishes.now.time_s)

    def _end_silence(self, time_s: float) -> None:
        since_s, self._silent_since_s = self._silent_since_s, None
        if since_s is not None and time_s - since_s > LONGEST_SILENCE_S:
            self._find("unasked silence", since_s, time_s, f"{time_s - since_s:.1f} s")

    def _compare_volume_and_modes(self, sight: Sight) -> None:
        if self._wishes.volume:
            differs = str(sight.volume) != self._wishes.volume.value
            longest_s = self._rules.crossfade_s + SETTLES_S
            self._note_difference("volume", self._wishes.volume, sight, differs, longest_s)
        for mode, deed in self._wishes.modes.items():
            value = sight.modes[MODES.index(mode)]
            differs = value != deed.value and (value, deed.value) != ("0", "oneshot")
            self._note_difference(mode, deed, sight, differs, SETTLES_S)

    def _note_difference(
        self, what: str, deed: Command, sight: Sight, differs: bool, longest_s: float
    ) -> None:
        if not differs:
            self._differs_since_s.pop(what, None)
            return
        since_s = self._differs_since_s.setdefault(what, sight.time_s)
        if sight.time_s - since_s > longest_s:
            said = f"{' '.join(deed.words)} of {deed.who}: it is otherwise for {longest_s:g} s"
            self._find("deed undone", since_s, sight.time_s, said)
            self._differs_since_s[what] = float("inf")  # said once

    def _find(self, kind: str, from_s: float, to_s: float, what: str) -> None:
        self.report.findings.append(Finding(kind, from_s, to_s, what))

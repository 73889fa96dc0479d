"""What people asked for, against what the jukebox did and what was to be heard. Pure.

The rules are those of docs/mpd.md, counted from outside: from the commands that MPD accepted and
from its status five times a second, never from what the jukebox says of itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

from three_apps.records import JUKEBOX, MODES, Command, Finding, Sight

LONGEST_SILENCE_S = 10.0
NEAR_END_S = 2.0  # so near to the end of a song, the next one is no change
STANDS_STILL_S = 1.5  # MPD tells the place in a song in steps of up to half a second
SAME_MOMENT_S = 1.0  # who of two people was first within it, the jukebox cannot know
NOTICED_S = 0.1  # just before a change the jukebox asks MPD for its status
OFFER_AFTER_S = 9.0  # 10 s, less what its own clock and MPD's may differ
SETTLES_S = 3.0  # a volume or a mode may be another's for so long, besides a fade
PLAYING = ("play", "playid", "pause", "next", "previous", "seekcur", "seekid", "stop", "clear")
TELLS = ("auto", "mood", "resume")
ASKS = "sendmessage"


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
    comparison.end_silence(comparison.now.time_s)
    return comparison.report


class Comparison:
    """Goes through a session and knows at each moment what people want."""

    def __init__(self, rules: Rules) -> None:
        self.report = Report([], Counter(), Counter(), 0.0, 0.0, 0.0)
        self.now = Sight(0.0, "stop")
        self._rules = rules
        self._quiet: dict[str, Command] = {}  # why it is silent, and whose deed that was
        self._off: set[str] = set()  # outputs
        self._silent_since_s: float | None = None
        self._heard = False  # the music has begun
        self._moved_s = 0.0  # when the place in the song last changed
        self._own: dict[str, str] = {}  # songs of the jukebox's, and their uri
        self._added_s: dict[str, float] = {}
        self._deeds: list[Command] = []
        self._last_playing: Command | None = None  # the last deed about what plays
        self._told: Command | None = None  # the last wish for the jukebox's music
        self._mood: Command | None = None  # the mood that somebody asked for
        self._volume: Command | None = None
        self._modes: dict[str, Command] = {}
        self._differs_since_s: dict[str, float] = {}

    def take(self, event: Command | Sight) -> None:
        if isinstance(event, Sight):
            self._see(event)
        elif event.who == JUKEBOX:
            self.report.orders[event.verb] += 1
            self._judge(event)
        elif event.verb == ASKS or self._changes_something(event):
            self.report.deeds[event.value if event.verb == ASKS else event.verb] += 1
            self._obey(event)

    # People

    def _changes_something(self, deed: Command) -> bool:
        """Whether the deed is one at all: "stop" while it is silent changes nothing."""
        now, verb, value = self.now, deed.verb, deed.value
        if verb in MODES:
            return now.modes[MODES.index(verb)] != value
        if verb == "setvol":
            return str(now.volume) != value
        if verb in ("stop", "next", "previous", "seekcur"):
            return now.state != "stop"
        if verb == "pause":
            return now.state == {"0": "pause", "1": "play"}.get(value, now.state) != "stop"
        if verb == "play":
            return now.length > 0 and (now.state != "play" or value != "")
        return now.length > 0 or verb not in ("clear", "delete", "deleteid", "move", "shuffle")

    def _obey(self, deed: Command) -> None:
        verb, value = deed.verb, deed.value
        if verb == ASKS:
            self._hear(deed)
            return
        self._deeds.append(deed)
        if verb in PLAYING:
            self._last_playing = deed
        pauses = verb == "pause" and self.now.state == "play"
        if verb in ("stop", "clear") or pauses:
            self._quiet[verb] = deed
            self.now = replace(self.now, state="pause" if pauses else "stop")
            if verb == "clear":
                self.now = replace(self.now, length=0, song_id="")
        elif verb in ("play", "playid", "pause") or (verb == "seekid" and self.now.state == "stop"):
            self._quiet.clear()
            self.now = replace(self.now, state="play")
        elif verb in ("add", "addid", "load"):
            self.now = replace(self.now, length=self.now.length + 1)
        elif verb == "disableoutput":
            self._off.add(value)
        elif verb == "enableoutput":
            self._off.discard(value)
        elif verb == "setvol":
            self._volume = deed
            self.now = replace(self.now, volume=int(value))
        elif verb in MODES:
            self._modes[verb] = deed
            modes = [
                value if mode == verb else old
                for mode, old in zip(MODES, self.now.modes, strict=True)
            ]
            self.now = replace(self.now, modes=tuple(modes))

    def _hear(self, deed: Command) -> None:
        word, _, name = deed.words[2].partition(" ")
        if word == "hold":
            self._deeds.append(deed)
        if word in TELLS:
            self._told = deed
            self._quiet.clear()
        if word in ("auto", "mood"):
            self._mood = deed if name else None

    # The jukebox

    def _judge(self, order: Command) -> None:
        verb, value = order.verb, order.value
        if verb in ("addid", "add"):
            self._own[order.song_id] = value
            self._added_s[order.song_id] = order.sent_s
            cleared = self._quiet.get("clear")
            if cleared and order.sent_s < cleared.done_s + OFFER_AFTER_S:
                self._undone(cleared, order)
            elif self._mood and self._mood.words[2].split()[1] not in value:
                self._undone(self._mood, order)
        elif verb in ("playid", "play") or (verb == "pause" and value == "0"):
            self._judge_playing(order)
        elif verb == "setvol":
            self._judge_volume(order)
        elif verb == "deleteid":
            if value not in self._own:
                self._undone(None, order, "a person's song is removed")
        elif verb not in (
            "pause",
            "clearerror",
            ASKS,
            "rm",
            "save",
            "playlistadd",
            "playlistclear",
        ):
            self._undone(self._last, order)

    def _judge_playing(self, order: Command) -> None:
        wishes = {why: deed for why, deed in self._quiet.items() if deed.done_s < order.sent_s}
        if "clear" in wishes and not self._holds(order.sent_s):
            del wishes["clear"]  # it may begin again by itself
        if wishes:
            self._undone(max(wishes.values(), key=lambda deed: deed.done_s), order)
        elif order.verb == "playid" and self._is_amid_a_song(order):
            self._judge_change(order)
        self._quiet.clear()
        if order.verb == "playid":
            self.now = replace(self.now, state="play", song_id=order.value, elapsed_s=0.0)

    def _judge_change(self, order: Command) -> None:
        """Another song before the end of one."""
        begun_s = self._added_s.get(order.value, order.sent_s)  # of a fade, perhaps
        told_s = self._told.done_s + SAME_MOMENT_S if self._told else float("-inf")
        chosen = self._last_playing
        before = next((deed for deed in reversed(self._deeds) if deed.done_s < begun_s), None)
        if chosen and begun_s < chosen.done_s < order.sent_s - NOTICED_S:
            self._undone(chosen, order)
        elif self.now.song_id not in self._own and (chosen is None or chosen.done_s > told_s):
            self._undone(chosen, order, "a song of their own plays")
        elif before and told_s < before.done_s and begun_s < before.done_s + self._rules.override_s:
            self._undone(before, order)

    def _judge_volume(self, order: Command) -> None:
        deed = self._volume
        if deed is None or order.value == deed.value or self._is_newer(self._told, deed.done_s):
            return
        if order.sent_s < deed.done_s + self._rules.override_s:
            self._undone(deed, order)

    @property
    def _last(self) -> Command | None:
        return self._deeds[-1] if self._deeds else None

    def _holds(self, time_s: float) -> bool:
        return self._last is not None and time_s < self._last.done_s + self._rules.override_s

    def _is_amid_a_song(self, order: Command) -> bool:
        left_s = self.now.left_s - (order.sent_s - self.now.time_s)
        return self.now.state == "play" and left_s > NEAR_END_S

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
        before, self.now = self.now, sight
        passed_s = sight.time_s - before.time_s if before.time_s else 0.0
        if before.state == "play" and sight.state != "play":
            self._see_stop(before, sight)
        if (before.song_id, before.elapsed_s) != (sight.song_id, sight.elapsed_s):
            self._moved_s = sight.time_s
        moves = sight.time_s - self._moved_s < STANDS_STILL_S
        if sight.state == "play" and moves and not self._off:
            self.report.played_s += passed_s
            self._see_music(sight)
        elif self._quiet or self._off or not self._heard:
            self.report.asked_silence_s += passed_s
            self.end_silence(before.time_s)
        else:
            self.report.unasked_silence_s += passed_s
            if self._silent_since_s is None:
                self._silent_since_s = before.time_s
        self._compare_volume_and_modes(sight)

    def _see_stop(self, before: Sight, sight: Sight) -> None:
        """It has just become silent: perhaps because people want one song at a time, or none."""
        single, last = self._modes.get("single"), self._last
        if single and before.modes[MODES.index("single")] != "0":
            self._quiet.setdefault("single", single)
        deleted = last and last.verb in ("delete", "deleteid")
        if last and deleted and sight.length == 0 and sight.time_s - last.done_s < 1.0:
            self._quiet.setdefault("clear", last)

    def _see_music(self, sight: Sight) -> None:
        self.end_silence(sight.time_s)
        self._heard = True
        for why, deed in list(self._quiet.items()):
            asked = self._is_newer(self._last_playing, deed.done_s)  # next, or a seek
            if not asked and sight.time_s - deed.done_s > 1.0 and why != "single":
                what = f"{' '.join(deed.words)} of {deed.who}: it plays, and nobody asked for it"
                self._find("deed undone", deed.done_s, sight.time_s, what)
            if asked or why == "single" or sight.time_s - deed.done_s > 1.0:
                del self._quiet[why]

    def end_silence(self, time_s: float) -> None:
        since_s, self._silent_since_s = self._silent_since_s, None
        if since_s is not None and time_s - since_s > LONGEST_SILENCE_S:
            self._find("unasked silence", since_s, time_s, f"{time_s - since_s:.1f} s")

    def _compare_volume_and_modes(self, sight: Sight) -> None:
        if self._volume:
            differs = str(sight.volume) != self._volume.value
            longest_s = self._rules.crossfade_s + SETTLES_S
            self._note_difference("volume", self._volume, sight, differs, longest_s)
        for mode, deed in self._modes.items():
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

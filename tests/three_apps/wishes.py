"""What people want at each moment, from their deeds alone. Pure."""

from __future__ import annotations

from dataclasses import replace

from three_apps.records import MODES, Command, Sight

PLAYING = ("play", "playid", "pause", "next", "previous", "seekcur", "seekid", "stop", "clear")
TELLS = ("auto", "mood", "resume")  # wishes for the jukebox's music
ASKS = "sendmessage"


class Wishes:
    """now: how MPD is, as far as it is known; each deed changes it before MPD is seen again.

    quiet: why it is silent, and whose deed that was; off: outputs; deeds: all, oldest first;
    playing: the last about what plays; told: the last wish for the jukebox's music; mood: the one
    that somebody asked for; volume, modes: who set them last.
    """

    def __init__(self) -> None:
        self.now = Sight(0.0, "stop")
        self.quiet: dict[str, Command] = {}
        self.off: set[str] = set()
        self.deeds: list[Command] = []
        self.playing: Command | None = None
        self.told: Command | None = None
        self.mood: Command | None = None
        self.volume: Command | None = None
        self.modes: dict[str, Command] = {}

    @property
    def last(self) -> Command | None:
        return self.deeds[-1] if self.deeds else None

    def take(self, deed: Command) -> bool:
        """Takes a person's command in. Returns whether it is a deed at all."""
        if deed.verb == ASKS:
            self._tell(deed)
        elif self._changes_something(deed):
            self.deeds.append(deed)
            self.playing = deed if deed.verb in PLAYING else self.playing
            self._obey(deed)
        else:
            return False
        return True

    def played(self, song_id: str) -> None:
        """The jukebox has put this song on."""
        self.quiet.clear()
        self.now = replace(self.now, state="play", song_id=song_id, elapsed_s=0.0)

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
        now, verb, value = self.now, deed.verb, deed.value
        pauses = verb == "pause" and now.state == "play"
        if verb in ("stop", "clear") or pauses:
            self.quiet[verb] = deed
            now = replace(now, state="pause" if pauses else "stop")
            self.now = replace(now, length=0, song_id="") if verb == "clear" else now
        elif verb in ("play", "playid", "pause") or (verb == "seekid" and now.state == "stop"):
            self.quiet.clear()
            self.now = replace(now, state="play")
        elif verb in ("next", "previous", "delete", "deleteid"):
            # It may have been the last song: what plays now is known when MPD is seen again.
            self.now = replace(now, elapsed_s=now.duration_s)
        elif verb in ("add", "addid"):
            self.now = replace(now, length=now.length + 1)
        elif verb == "disableoutput":
            self.off.add(value)
        elif verb == "enableoutput":
            self.off.discard(value)
        elif verb == "setvol":
            self.volume = deed
            self.now = replace(now, volume=int(value))
        elif verb in MODES:
            self.modes[verb] = deed
            modes = dict(zip(MODES, now.modes, strict=True)) | {verb: value}
            self.now = replace(now, modes=tuple(modes.values()))

    def _tell(self, deed: Command) -> None:
        word, _, name = deed.words[2].partition(" ")
        if word == "hold":
            self.deeds.append(deed)
        if word in TELLS:
            self.told = deed
            self.quiet.clear()
        if word in ("auto", "mood"):
            self.mood = deed if name else None

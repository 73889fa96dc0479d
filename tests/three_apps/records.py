"""What is written down of a session: commands that MPD carried out, and how MPD was in between."""

from __future__ import annotations

from dataclasses import dataclass

JUKEBOX = "jukebox"
MODES = ("repeat", "random", "single", "consume")


@dataclass(frozen=True, slots=True)
class Command:
    """One command that MPD has accepted.

    who: JUKEBOX or the name of an app. sent_s, done_s: when it was sent, and when MPD's answer
    came. song_id: of the song that it added.
    """

    who: str
    sent_s: float
    done_s: float
    words: tuple[str, ...]
    song_id: str = ""

    @property
    def verb(self) -> str:
        return self.words[0]

    @property
    def value(self) -> str:
        """The first argument, or "" without one."""
        return self.words[1] if len(self.words) > 1 else ""

    def __str__(self) -> str:
        return f"{self.done_s:8.2f}  {self.who}: {' '.join(self.words)}"


@dataclass(frozen=True, slots=True)
class Sight:
    """MPD's status at a moment. modes: in the order of MODES; length: of the queue."""

    time_s: float
    state: str
    song_id: str = ""
    elapsed_s: float = 0.0
    duration_s: float = 0.0
    volume: int = 100
    modes: tuple[str, ...] = ("0",) * len(MODES)
    length: int = 0

    @property
    def left_s(self) -> float:
        return self.duration_s - self.elapsed_s

    @classmethod
    def of(cls, time_s: float, status: dict[str, str]) -> Sight:
        return cls(
            time_s,
            status["state"],
            status.get("songid", ""),
            float(status.get("elapsed", 0)),
            float(status.get("duration", 0)),
            int(status.get("volume", -1)),
            tuple(status[mode] for mode in MODES),
            int(status["playlistlength"]),
        )

    def __str__(self) -> str:
        place = f"song {self.song_id} at {self.elapsed_s:.1f} of {self.duration_s:.1f} s"
        return f"{self.time_s:8.2f}  MPD: {self.state}, {place}, volume {self.volume}"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that must not happen. kind: "deed undone" or "unasked silence"."""

    kind: str
    from_s: float
    to_s: float
    what: str

"""What can be set, section by section: the one home of defaults, limits and what each key means.

The line under a key is what its owner reads: `config.py` prints it into jukebox.toml and into the
output of `jukebox config`, and names the limits in its complaints.
"""

from __future__ import annotations

import ast
import inspect
import itertools
import sys
from dataclasses import dataclass, field, fields
from functools import cache
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

from appliance.records import Emotion

Strategy = Literal["match", "lift", "calm", "iso"]
OwnStrategy = Literal["", "match", "lift", "calm", "iso"]


@dataclass(frozen=True, slots=True)
class Between:
    """A number from low to high, both included."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Text:
    """A text of one line. secret: never printed unless asked for."""

    may_be_empty: bool = False
    secret: bool = False


@dataclass(frozen=True, slots=True)
class Location:
    """A text that is one of the words, or else a path from / or ~/ on."""

    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DailyHours:
    """A text such as "22:00-07:00", or an empty one for never."""


@dataclass(frozen=True, slots=True)
class CameraSettings:
    """The eye: where pictures come from. They stay in the process."""

    source: Annotated[str, Location(words=("auto", "picamera2", "reel"))] = "auto"
    """One of "auto", "picamera2", "reel", or the path of a device, a video, a picture folder."""
    width_px: Annotated[int, Between(160, 4096)] = 640
    """Width asked of the camera, in pixels."""
    height_px: Annotated[int, Between(120, 4096)] = 480
    """Height asked of the camera, in pixels."""
    frames_per_second: Annotated[float, Between(1, 30)] = 5.0
    """Looks at the room per second."""
    rotate_degrees: Literal[0, 90, 180, 270] = 0
    """Clockwise turn that brings faces upright."""
    off_hours: Annotated[str, DailyHours()] = ""
    """When it is closed every day, the music going on."""


@dataclass(frozen=True, slots=True)
class FaceSettings:
    """Finding faces."""

    detector: Literal["blazeface", "haar"] = "blazeface"
    """The small network, or the slow cascade of old."""
    min_score: Annotated[float, Between(0, 1)] = 0.7
    """How sure the detector must be that it sees a face."""
    min_height_px: Annotated[int, Between(16, 4096)] = 40
    """Smaller faces are passed over, in pixels of the frame."""
    search_every_s: Annotated[float, Between(0, 60)] = 1.0
    """Seconds from one look for newcomers to the next, while a face is followed."""


@dataclass(frozen=True, slots=True)
class EmotionSettings:
    """Reading one face."""

    precision: Literal["auto", "int8", "float32"] = "auto"
    """Kind of network; auto: the faster one here."""
    model: Annotated[str, Location(words=("",))] = ""
    """A .tflite file to run in place of that, its card (.json) beside it; empty: none."""


@dataclass(frozen=True, slots=True)
class GenderSettings:
    """Whether faces look male or female: nothing that the music needs, and nothing that is kept."""

    enabled: bool = False
    """Lets `jukebox classify` say it too."""


@dataclass(frozen=True, slots=True)
class MoodSettings:
    """From flickering scores to a settled mood."""

    dwell_s: Annotated[float, Between(0, 600)] = 8.0
    """Seconds that a clear new mood takes to count; higher is calmer."""
    min_probability: Annotated[float, Between(0, 1)] = 0.45
    """Below this probability the mood is uncertain, which never changes the music."""
    margin: Annotated[float, Between(0, 1)] = 0.94
    """How far a new mood must lead the next one; higher is calmer."""
    away_s: Annotated[float, Between(1, 86400)] = 60.0
    """Seconds without a face after which nobody is here."""
    people: Literal["all", "largest"] = "all"
    """Whose faces count: everybody's, or only the largest one's."""


@dataclass(frozen=True, slots=True)
class MusicSettings:
    """How the music follows the mood."""

    change: Literal["end", "now", "crossfade"] = "end"
    """At the song's end, in its midst, or fading over."""
    crossfade_s: Annotated[float, Between(0.5, 30)] = 6.0
    """Length of that fade in seconds."""
    strategy: Strategy = "match"
    """Like the mood, cheerful, calm, or by steps."""
    target: Literal["happy", "neutral"] = "happy"
    """Where "iso" leads to."""
    iso_minutes: Annotated[float, Between(1, 240)] = 20.0
    """How long "iso" takes to get there, in minutes."""
    chime: Annotated[str, Text(may_be_empty=True)] = "chime"
    """The source of a short sound when the box starts; empty: none."""


@dataclass(frozen=True, slots=True)
class StrategySettings:
    """Another strategy than that of [music] for single moods; empty: the same."""

    angry: OwnStrategy = "calm"
    """For faces that look angry."""
    disgust: OwnStrategy = ""
    """For faces that look disgusted."""
    fear: OwnStrategy = "calm"
    """For faces that look afraid."""
    happy: OwnStrategy = ""
    """For faces that look happy."""
    sad: OwnStrategy = ""
    """For faces that look sad."""
    surprise: OwnStrategy = ""
    """For faces that look surprised."""
    neutral: OwnStrategy = ""
    """For faces that show nothing much."""

    def of(self, emotion: Emotion) -> OwnStrategy:
        """The strategy for this emotion, or ""."""
        own: OwnStrategy = getattr(self, emotion.value)
        return own


@dataclass(frozen=True, slots=True)
class ListenerSettings:
    """People come first."""

    override_minutes: Annotated[float, Between(0, 1440)] = 30.0
    """Minutes in which nothing is changed after somebody used the player."""
    away_minutes: Annotated[float, Between(0, 1440)] = 10.0
    """Minutes without anybody after which the music fades out; 0 leaves it on."""


@dataclass(frozen=True, slots=True)
class VolumeSettings:
    """How loud the box may be by its own doing, in percent."""

    start: Annotated[int, Between(0, 100)] = 60
    """It never begins to play louder than this."""
    max: Annotated[int, Between(0, 100)] = 100
    """It never turns the volume higher than this."""
    quiet_hours: Annotated[str, DailyHours()] = ""
    """When it is kept lower every day."""
    quiet_max: Annotated[int, Between(0, 100)] = 30
    """How loud it may be then."""


@dataclass(frozen=True, slots=True)
class PlaylistSettings:
    """What to play: names of stored playlists or folders of MPD, .m3u files, web radio links."""

    angry: tuple[str, ...] = ("angry",)
    """For faces that look angry: one source or a list of them."""
    disgust: tuple[str, ...] = ("disgust",)
    """For faces that look disgusted."""
    fear: tuple[str, ...] = ("fear",)
    """For faces that look afraid."""
    happy: tuple[str, ...] = ("happy",)
    """For faces that look happy."""
    sad: tuple[str, ...] = ("sad",)
    """For faces that look sad."""
    surprise: tuple[str, ...] = ("surprise",)
    """For faces that look surprised."""
    neutral: tuple[str, ...] = ("neutral",)
    """For faces that show nothing much."""

    def of(self, emotion: Emotion) -> tuple[str, ...]:
        """The sources of music for this emotion; at least one."""
        sources: tuple[str, ...] = getattr(self, emotion.value)
        return sources


@dataclass(frozen=True, slots=True)
class MpdSettings:
    """The player: MPD, or anything that speaks its protocol."""

    address: Annotated[str, Text(may_be_empty=True)] = ""
    """Socket path or host; empty: $MPD_HOST, then the usual sockets, then localhost."""
    port: Annotated[int, Between(1, 65535)] = 6600
    """TCP port; $MPD_PORT counts where the address is empty."""
    password: Annotated[str, Text(may_be_empty=True, secret=True)] = ""
    """Password of MPD; empty: none."""


@dataclass(frozen=True, slots=True)
class StoreSettings:
    """The history: moods and plays in SQLite, never pictures."""

    path: Annotated[str, Location(words=("",))] = ""
    """The database file; empty: jukebox.db in the state folder of the service or of the user."""
    retention_days: Annotated[int, Between(1, 36500)] = 365
    """Older moods and plays are deleted, in days."""
    remember_guests: bool = False
    """Keeps moods also of when more than one face was there."""


@dataclass(frozen=True, slots=True)
class GpioSettings:
    """A light and a button on a Raspberry Pi's pins, in Broadcom's numbers, each against ground."""

    led: Annotated[int, Between(0, 27)] = 0
    """Pin of the light; on: it looks, blinks: it holds back, fast: trouble; 0: none."""
    button: Annotated[int, Between(0, 27)] = 0
    """Pin of the button; it holds what plays, or lets moods decide again; 0: none."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set, by section."""

    camera: CameraSettings = field(default_factory=CameraSettings)
    faces: FaceSettings = field(default_factory=FaceSettings)
    emotion: EmotionSettings = field(default_factory=EmotionSettings)
    gender: GenderSettings = field(default_factory=GenderSettings)
    mood: MoodSettings = field(default_factory=MoodSettings)
    music: MusicSettings = field(default_factory=MusicSettings)
    strategies: StrategySettings = field(default_factory=StrategySettings)
    listener: ListenerSettings = field(default_factory=ListenerSettings)
    volume: VolumeSettings = field(default_factory=VolumeSettings)
    playlists: PlaylistSettings = field(default_factory=PlaylistSettings)
    mpd: MpdSettings = field(default_factory=MpdSettings)
    store: StoreSettings = field(default_factory=StoreSettings)
    gpio: GpioSettings = field(default_factory=GpioSettings)


@dataclass(frozen=True, slots=True)
class Key:
    """One key as declared above. kind: int, float, bool, str, a Literal, or tuple[str, ...]."""

    section: str
    name: str
    kind: Any
    limit: Between | Text | Location | DailyHours | None
    default: Any

    def __str__(self) -> str:
        return f"{self.section}.{self.name}"

    @property
    def meaning(self) -> str:
        """The line under it."""
        return _lines_under_fields()[sections()[self.section].__name__, self.name]

    @property
    def choices(self) -> tuple[Any, ...]:
        """The only values allowed, or () where a type or limit says it."""
        if self.kind is bool:
            return (True, False)
        return get_args(self.kind) if get_origin(self.kind) is Literal else ()

    @property
    def secret(self) -> bool:
        """Whether the value must not be printed."""
        return isinstance(self.limit, Text) and self.limit.secret


@cache
def sections() -> dict[str, type]:
    """The dataclass of each section, by name, in the order of the file."""
    return get_type_hints(Settings)


@cache
def keys() -> dict[str, dict[str, Key]]:
    """Every key by section and name, in the order of the file."""
    return {section: _keys_of(section, declared) for section, declared in sections().items()}


def _keys_of(section: str, declared: type) -> dict[str, Key]:
    hints = get_type_hints(declared, include_extras=True)
    found = {}
    for each in fields(declared):
        kind, limit = hints[each.name], None
        if get_origin(kind) is Annotated:
            kind, limit = get_args(kind)
        found[each.name] = Key(section, each.name, kind, limit, each.default)
    return found


@cache
def _lines_under_fields() -> dict[tuple[str, str], str]:
    """The string under each field, by class and field; Python itself throws them away."""
    classes = ast.parse(inspect.getsource(sys.modules[__name__])).body
    return {
        (one.name, above.target.id): below.value.value
        for one in classes
        if isinstance(one, ast.ClassDef)
        for above, below in itertools.pairwise(one.body)
        if isinstance(above, ast.AnnAssign)
        and isinstance(above.target, ast.Name)
        and isinstance(below, ast.Expr)
        and isinstance(below.value, ast.Constant)
        and isinstance(below.value.value, str)
    }

"""All settings, section by section: the only place for defaults, limits and meanings of keys.

The owner reads the text at the end of a key's annotation: config/writing.py prints it into
jukebox.toml and into the output of `jukebox config`. Complaints about a value name the limit, which
stands before that text.
"""

from __future__ import annotations

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
    """A text that is one of the words, or else a path that begins with / or ~/."""

    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Host:
    """A host's name, or only an IP address; or an empty text."""

    only_address: bool = False


@dataclass(frozen=True, slots=True)
class DailyHours:
    """A text such as "22:00-07:00", or an empty one for never."""


@dataclass(frozen=True, slots=True)
class CameraSettings:
    """Where pictures come from. They never leave the process."""

    source: Annotated[
        str,
        Location(words=("auto", "picamera2", "reel")),
        'One of "auto", "picamera2", "reel", or the path of a device, a video, a picture folder.',
    ] = "auto"
    width_px: Annotated[
        int, Between(160, 4096), "Width of the pictures asked from the camera, in pixels."
    ] = 640
    height_px: Annotated[int, Between(120, 4096), "Height of these pictures, in pixels."] = 480
    frames_per_second: Annotated[float, Between(1, 30), "Frames per second."] = 5.0
    rotate_degrees: Annotated[
        Literal[0, 90, 180, 270], "Clockwise turn that brings faces upright."
    ] = 0
    off_hours: Annotated[
        str, DailyHours(), "Daily hours in which the camera is off while the music goes on."
    ] = ""


@dataclass(frozen=True, slots=True)
class FaceSettings:
    """Finding faces."""

    detector: Annotated[
        Literal["blazeface", "haar"], "The small network, or the slow cascade of the paper."
    ] = "blazeface"
    min_score: Annotated[
        float, Between(0, 1), "How sure the detector must be that it sees a face."
    ] = 0.6
    min_height_px: Annotated[
        int, Between(16, 4096), "Faces less high than this are ignored, in pixels of the frame."
    ] = 24
    search_every_s: Annotated[
        float,
        Between(0, 60),
        "Seconds between two searches for new faces, while a face is followed.",
    ] = 1.0


@dataclass(frozen=True, slots=True)
class EmotionSettings:
    """Reading one face."""

    precision: Annotated[
        Literal["auto", "int8", "float32"],
        "Number format of the networks; auto: the faster one on this machine.",
    ] = "auto"
    model: Annotated[
        str,
        Location(words=("",)),
        "A .tflite file to use instead, with its card (.json) beside it; empty: none.",
    ] = ""


@dataclass(frozen=True, slots=True)
class GenderSettings:
    """Whether faces look male or female. The music does not need it, and it is never kept."""

    enabled: Annotated[bool, "Whether `jukebox classify` says so."] = False


@dataclass(frozen=True, slots=True)
class MoodSettings:
    """From flickering scores to a settled mood."""

    dwell_s: Annotated[
        float, Between(0, 600), "Seconds that a clear new mood takes to count; higher is calmer."
    ] = 8.0
    min_probability: Annotated[
        float,
        Between(0, 1),
        "Below this probability the mood is uncertain, which never changes the music.",
    ] = 0.45
    margin: Annotated[
        float, Between(0, 1), "How far a new mood must lead the next one; higher is calmer."
    ] = 0.94
    away_s: Annotated[
        float, Between(1, 86400), "Seconds without a face after which nobody is here."
    ] = 60.0
    people: Annotated[
        Literal["all", "largest"], "Whose faces count: everybody's, or only the largest face."
    ] = "all"


@dataclass(frozen=True, slots=True)
class MusicSettings:
    """How the music follows the mood."""

    change: Annotated[
        Literal["end", "now", "crossfade"],
        "When to change: at the song's end, at once, or cross-faded.",
    ] = "end"
    crossfade_s: Annotated[float, Between(0.5, 30), "Length of that fade in seconds."] = 6.0
    strategy: Annotated[
        Strategy, "Music like the mood, cheerful, calm, or in steps towards a target."
    ] = "match"
    target: Annotated[Literal["happy", "neutral"], 'Where "iso" leads to.'] = "happy"
    iso_minutes: Annotated[
        float, Between(1, 240), 'How long "iso" takes to get there, in minutes.'
    ] = 20.0
    chime: Annotated[
        str,
        Text(may_be_empty=True),
        "The source of a short sound at the start; empty: none.",
    ] = "chime"


@dataclass(frozen=True, slots=True)
class StrategySettings:
    """Strategies for single moods; empty: that of [music]."""

    angry: Annotated[OwnStrategy, "For faces that look angry."] = "calm"
    disgust: Annotated[OwnStrategy, "For faces that look disgusted."] = ""
    fear: Annotated[OwnStrategy, "For faces that look afraid."] = "calm"
    happy: Annotated[OwnStrategy, "For faces that look happy."] = ""
    sad: Annotated[OwnStrategy, "For faces that look sad."] = ""
    surprise: Annotated[OwnStrategy, "For faces that look surprised."] = ""
    neutral: Annotated[OwnStrategy, "For faces that look neutral."] = ""

    def of(self, emotion: Emotion) -> OwnStrategy:
        """The strategy for this emotion; "" where [music] decides."""
        own: OwnStrategy = getattr(self, emotion.value)
        return own


@dataclass(frozen=True, slots=True)
class ListenerSettings:
    """People come first."""

    override_minutes: Annotated[
        float,
        Between(0, 1440),
        "Minutes in which nothing is changed after somebody used the player.",
    ] = 30.0
    away_minutes: Annotated[
        float,
        Between(0, 1440),
        "Minutes without anybody after which the music fades out; 0 leaves it on.",
    ] = 10.0


@dataclass(frozen=True, slots=True)
class VolumeSettings:
    """How loud the jukebox may become by itself, in percent."""

    start: Annotated[
        int, Between(0, 100), "The first song after a start is not louder than this."
    ] = 60
    max: Annotated[int, Between(0, 100), "The jukebox never turns the volume higher than this."] = (
        100
    )
    quiet_hours: Annotated[str, DailyHours(), "Daily hours in which the volume is kept lower."] = ""
    quiet_max: Annotated[int, Between(0, 100), "The highest volume in these hours."] = 30
    mixer: Annotated[
        Literal["auto", "software", "hardware"],
        "Whose volume MPD sets: its own, which fades and quiet hours then take as it is heard, or"
        " the sound card's; auto: as the jukebox's mpd.conf says.",
    ] = "auto"


@dataclass(frozen=True, slots=True)
class PlaylistSettings:
    """What to play: names of stored playlists or folders of MPD, .m3u files, web radio links."""

    angry: Annotated[
        tuple[str, ...], "For faces that look angry: one source or a list of them."
    ] = ("angry",)
    disgust: Annotated[tuple[str, ...], "For faces that look disgusted."] = ("disgust",)
    fear: Annotated[tuple[str, ...], "For faces that look afraid."] = ("fear",)
    happy: Annotated[tuple[str, ...], "For faces that look happy."] = ("happy",)
    sad: Annotated[tuple[str, ...], "For faces that look sad."] = ("sad",)
    surprise: Annotated[tuple[str, ...], "For faces that look surprised."] = ("surprise",)
    neutral: Annotated[tuple[str, ...], "For faces that look neutral."] = ("neutral",)

    def of(self, emotion: Emotion) -> tuple[str, ...]:
        """The sources of music for this emotion; at least one."""
        sources: tuple[str, ...] = getattr(self, emotion.value)
        return sources


@dataclass(frozen=True, slots=True)
class MpdSettings:
    """The player: MPD, or anything that speaks its protocol."""

    address: Annotated[
        str,
        Text(may_be_empty=True),
        "Socket path or host; empty: $MPD_HOST, then the usual sockets, then localhost.",
    ] = ""
    port: Annotated[
        int, Between(1, 65535), "TCP port; $MPD_PORT counts where the address is empty."
    ] = 6600
    password: Annotated[
        str, Text(may_be_empty=True, secret=True), "Password of MPD; empty: none."
    ] = ""
    messages: Annotated[
        Literal["none", "music", "all"],
        "What anybody who reaches MPD may do by message: nothing; steer the music; also ask how"
        " faces look.",
    ] = "music"


@dataclass(frozen=True, slots=True)
class StoreSettings:
    """The history: moods and plays in SQLite, never pictures."""

    path: Annotated[
        str,
        Location(words=("",)),
        "The database file; empty: jukebox.db in the state folder of the service or of the user.",
    ] = ""
    retention_days: Annotated[
        int, Between(1, 36500), "Moods and plays older than this are deleted, in days."
    ] = 365
    remember_guests: Annotated[bool, "Also keeps moods from times with more than one face."] = False


@dataclass(frozen=True, slots=True)
class ControlSettings:
    """Where programs ask the running jukebox (docs/control.md)."""

    path: Annotated[
        str,
        Location(words=("",)),
        "The socket; empty: the one from systemd, or else control.sock beside the database.",
    ] = ""


@dataclass(frozen=True, slots=True)
class WebSettings:
    """The page for the phones and computers of this house (docs/page.md)."""

    open: Annotated[
        Literal["none", "read", "all"],
        "What devices may do that nobody has paired: nothing, look at what plays, or everything.",
    ] = "none"
    port: Annotated[
        int,
        Between(1, 65535),
        "TCP port; for an installed jukebox, jukebox-web.socket names the ports (docs/page.md).",
    ] = 8080
    address: Annotated[
        str,
        Host(only_address=True),
        "Address of this machine where it listens, such as 192.168.1.20; empty: all of them.",
    ] = ""
    name: Annotated[
        str,
        Host(),
        "One more name by which browsers may call this machine, such as music.home; empty: none.",
    ] = ""
    certificate: Annotated[
        str,
        Location(words=("",)),
        "A .pem file with your certificate and its key, for https:// instead; empty: none.",
    ] = ""


@dataclass(frozen=True, slots=True)
class HomeSettings:
    """What this house's MQTT broker, such as Home Assistant's, is told (docs/home.md)."""

    share: Annotated[
        Literal["off", "presence", "mood", "all"],
        "Nothing; whether somebody is here; also how a face looks that is alone; also with guests.",
    ] = "presence"
    address: Annotated[
        str,
        Text(may_be_empty=True),
        "Host of the broker, or the path of its socket; empty: there is none, nothing is told.",
    ] = ""
    port: Annotated[int, Between(1, 65535), "Its TCP port; with TLS as a rule 8883."] = 1883
    tls: Annotated[bool, "Whether it is reached by TLS."] = False
    authority: Annotated[
        str,
        Location(words=("",)),
        "A .pem file with the authority that signed its certificate; empty: those of the system.",
    ] = ""
    username: Annotated[str, Text(may_be_empty=True), "Name at the broker; empty: none."] = ""
    password: Annotated[
        str, Text(may_be_empty=True, secret=True), "Password at the broker; empty: none."
    ] = ""
    password_file: Annotated[
        str,
        Location(words=("",)),
        "A file of mode 0600 with the password instead; of an installed jukebox in"
        " /etc/jukebox/home.",
    ] = ""
    prefix: Annotated[str, Text(), "Begins all topics, but those of Home Assistant."] = "jukebox"
    name: Annotated[
        str,
        Text(may_be_empty=True),
        "What the home calls this jukebox, such as Kitchen; empty: the name of this machine.",
    ] = ""

    @property
    def is_on(self) -> bool:
        """Whether there is a broker, and anything that it is told."""
        return bool(self.address) and self.share != "off"


@dataclass(frozen=True, slots=True)
class RoomsSettings:
    """Several jukeboxes of one house with one mood, by the broker of [home] (docs/rooms.md)."""

    join: Annotated[
        bool, 'Whether this room has one mood with the others; [home] share must be "all".'
    ] = False
    leader: Annotated[
        bool, "Whether this jukebox counts how the rooms look; exactly one of them must."
    ] = False
    follow: Annotated[
        bool, "Whether the music fades out in a room that is empty while the others play on."
    ] = True
    sound: Annotated[
        bool, "Whether the leader's music plays here, in step with the other rooms."
    ] = False
    leader_address: Annotated[
        str,
        Host(only_address=True),
        "Address of the leader, such as 192.168.1.20, for that sound; the leader needs none.",
    ] = ""
    device: Annotated[
        str, Text(), "Sound card for that sound, as `aplay -L` names it; the page sets it, too."
    ] = "default"


@dataclass(frozen=True, slots=True)
class GpioSettings:
    """A light and a button between pins of a Raspberry Pi (Broadcom's numbers) and ground."""

    led: Annotated[
        int,
        Between(0, 27),
        "Pin of the light; on: camera on; blinks: nothing is changed; fast: trouble; 0: none.",
    ] = 0
    button: Annotated[
        int,
        Between(0, 27),
        "Pin of the button; it holds the present music, or resumes; held for 3 s: pairs; 0: none.",
    ] = 0


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings, by section."""

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
    control: ControlSettings = field(default_factory=ControlSettings)
    web: WebSettings = field(default_factory=WebSettings)
    home: HomeSettings = field(default_factory=HomeSettings)
    rooms: RoomsSettings = field(default_factory=RoomsSettings)
    gpio: GpioSettings = field(default_factory=GpioSettings)


@dataclass(frozen=True, slots=True)
class Key:
    """One key as declared above.

    kind: int, float, bool, str, a Literal, or tuple[str, ...]. meaning: the text for the owner.
    """

    section: str
    name: str
    kind: Any
    limit: Between | Text | Location | DailyHours | None
    meaning: str
    default: Any

    def __str__(self) -> str:
        return f"{self.section}.{self.name}"

    @property
    def choices(self) -> tuple[Any, ...]:
        """The only values allowed; () where a type or a limit says what is allowed."""
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
    for field_ in fields(declared):
        kind, *notes = get_args(hints[field_.name])
        meaning, *limits = reversed(notes)
        limit = limits[0] if limits else None
        found[field_.name] = Key(section, field_.name, kind, limit, meaning, field_.default)
    return found

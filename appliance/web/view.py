"""What the page says now: the same words and values for its HTML and for its stream."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass, field
from typing import Any

from appliance.player.watched_mpd import Playing, Song
from appliance.records import EMOTIONS, Emotion
from appliance.web.language import Language

Values = dict[str, Any]

MOODS = (
    Emotion.HAPPY,
    Emotion.NEUTRAL,
    Emotion.SURPRISE,
    Emotion.SAD,
    Emotion.ANGRY,
    Emotion.FEAR,
    Emotion.DISGUST,
)
# Texts of templates and of this file; languages/*.po translates them.
LOOKS = {
    "angry": "Looks angry",
    "disgust": "Looks disgusted",
    "fear": "Looks afraid",
    "happy": "Looks happy",
    "sad": "Looks sad",
    "surprise": "Looks surprised",
    "neutral": "Looks neutral",
    "uncertain": "I am not sure how it looks",
    "nobody": "Nobody is here",
    "camera off": "The camera is off",
    "camera lost": "I miss the camera",
    "away": "The jukebox is not running",
}
NAMES = {
    "angry": "angry",
    "disgust": "disgusted",
    "fear": "afraid",
    "happy": "happy",
    "sad": "sad",
    "surprise": "surprised",
    "neutral": "neutral",
    "uncertain": "not sure",
    "nobody": "nobody there",
}
SURE = {"very": "very sure", "quite": "quite sure", "fairly": "fairly sure"}
UNCLEAR = {
    "dark": "I can't see clearly: it is too dark",
    "small": "I can't see clearly: the face is too far away",
    "blurred": "I can't see clearly: the picture is blurred",
    "tilted": "I can't see clearly: the head is tilted",
    "turned": "I can't see clearly: the face is turned away",
    "hidden": "I can't see clearly: part of the face is hidden",
}
# Whose doing it is that music plays, or that it does not.
IN_CHARGE = {
    "chosen": "Somebody chose this music.",
    "paused": "Somebody paused the music.",
    "stopped": "Somebody stopped the music.",
    "cleared": "Somebody cleared the queue.",
}
assert set(MOODS) == set(EMOTIONS)  # noqa: S101 - one button for each


@dataclass(slots=True)
class House:
    """All that the page's process knows now.

    status: of the jukebox; playing: of MPD. volume_percent: to be shown; None where MPD has none.
    """

    status: Values | None = None
    settings: Values = field(default_factory=dict)
    playing: Playing | None = None
    volume_percent: int | None = None

    def max_volume(self) -> int:
        """What the owner allows, in percent."""
        return int(self.settings.get("volume", {}).get("max", 100))


def now_view(house: House, _: Language) -> Values:
    """The values of the first screen. Each is a text, a number, a truth value, or None."""
    status = house.status or {}
    return {
        "time": round(time.time(), 1),
        "away": house.status is None,
        **_mood(status, _),
        **_music(house, _),
        **_wishes(status, _),
    }


def _mood(status: Values, _: Language) -> Values:
    mood = _mood_word(status)
    details = []
    if mood in NAMES and (faces := int(status.get("faces", 0))):
        details.append(_.count("1 face", "{n} faces", faces))
    if mood in NAMES and (sure := SURE.get(status.get("sure", ""))):
        details.insert(0, _(sure))
    unclear = UNCLEAR.get(status.get("unclear") or "") if mood == "uncertain" else None
    return {
        "mood": mood,
        "looks": _(unclear or LOOKS[mood]),
        "details": " · ".join(details),
        "camera": status.get("camera", "") not in ("off", ""),
    }


def _mood_word(status: Values) -> str:
    if not status:
        return "away"
    if status["camera"] in ("off", "lost"):
        return f"camera {status['camera']}"
    if emotion := status.get("emotion"):
        return str(emotion)
    is_empty = str(status.get("mood", "")).startswith("nobody is here")
    return "nobody" if is_empty else "uncertain"


def _music(house: House, _: Language) -> Values:
    playing, status = house.playing, house.status or {}
    song = playing.song if playing else None
    return {
        "player": playing is not None,
        "playing": playing is not None and playing.state == "play",
        "song": _song(house, _),
        "artist": song.artist if song else "",
        "cover": cover_link(song) if song else "",
        "stream": song is not None and not song.seconds,
        "elapsed": playing.elapsed_s if playing and song else 0,
        "at": playing.unix_s if playing else 0,
        "duration": song.seconds if song and song.seconds else 0,
        "volume": house.volume_percent if playing else None,
        "volume_max": house.max_volume(),
        "why": _why(status, _),
        "next": _next(playing, status, _),
        "trouble": _trouble(house, _),
    }


def _song(house: House, _: Language) -> str:
    song = house.playing.song if house.playing else None
    if (house.status or {}).get("joined"):
        return _("The music of the house plays here")
    if house.playing is None:
        return _("I cannot see what plays")
    return song.title if song else _("Nothing plays")


def _why(status: Values, _: Language) -> str:
    if status.get("listener_in_charge"):
        return _(IN_CHARGE.get(status.get("charge", ""), IN_CHARGE["chosen"]))
    reason = status.get("reason", "") if status.get("player") == "play" else ""
    return _("Why this song: {reason}", reason=_.of_jukebox(reason)) if reason else ""


def _next(playing: Playing | None, status: Values, _: Language) -> str:
    if playing and playing.following:
        return _("Next: {song}", song=full_title(playing.following))
    if (playlist := status.get("playlist")) and playing and playing.state == "play":
        return _("Next: another song for “{mood}”", mood=_(NAMES[playlist]))
    return ""


def _trouble(house: House, _: Language) -> str:
    if house.status is None:
        return _(
            "The jukebox is not running, or I cannot reach it. The music goes on; I keep trying."
        )
    if house.playing is None:
        return _("The music player cannot be reached. I keep trying.")
    if refusal := house.status.get("refusal"):
        return _.of_jukebox(refusal)
    if house.status.get("history") == "lost":
        return _("The diary cannot be written now; its disk may be full. The music goes on.")
    return _("The player says: {error}", error=house.playing.error) if house.playing.error else ""


def _wishes(status: Values, _: Language) -> Values:
    held, asked, sleeps = (status.get(key) for key in ("hold_until", "asked", "sleep_at"))
    said = []
    if asked:
        said.append(_("Music for “{mood}”, until you choose “by the faces”.", mood=_(NAMES[asked])))
    if held:
        said.append(_("The music stays as it is until {time}.", time=held))
    if sleeps:
        said.append(_("The music fades out at {time}.", time=sleeps))
    if status.get("asleep"):
        said.append(_("The jukebox sleeps until somebody asks for music."))
    return {"asked": asked or "", "held": bool(held), "sleeps": bool(sleeps), "wishes": said}


def full_title(song: Song) -> str:
    """Artist and title in one line."""
    return f"{song.artist} – {song.title}" if song.artist else song.title


def cover_link(song: Song) -> str:
    """Where the page finds the song's cover; another song has another link."""
    version = hashlib.sha256(song.uri.encode(errors="surrogateescape")).hexdigest()[:10]
    return f"/cover/{song.id}?v={version}" if song.id else ""


def duration_words(seconds: float | None) -> str:
    """A length such as 3:05; "" if it is not known."""
    if not seconds:
        return ""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02}"

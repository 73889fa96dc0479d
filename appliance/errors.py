"""The errors that rooms share, and what happens after each of them.

Their messages are sentences for the owner: what is wrong, where, and what to do.
"""

from __future__ import annotations

from collections.abc import Mapping


def why_failed(error: BaseException) -> str:
    """What went wrong, without the number that Python puts before the system's own words."""
    words = error.strerror if isinstance(error, OSError) else None
    return words or str(error) or type(error).__name__


class JukeboxError(Exception):
    """Anything that the jukebox can explain. exit_code: what a command then ends with."""

    exit_code = 1


class ConfigError(JukeboxError):
    """The configuration cannot be used. At start: exit 78. On reload: the old one stays.

    mistakes: what is wrong with each key, by section and key, where keys are what is wrong.
    """

    exit_code = 78

    def __init__(self, text: str, mistakes: Mapping[tuple[str, ...], str] | None = None) -> None:
        super().__init__(text)
        self.mistakes = dict(mistakes or {})


class UsageError(JukeboxError):
    """Somebody asked for what there is not, or asked in the wrong way. A command ends with 2."""

    exit_code = 2


class ModelError(JukeboxError):
    """A model or its card is missing, damaged or not what the card says. At start: exit 78."""

    exit_code = 78


class CameraError(JukeboxError):
    """A camera or picture file gives no usable picture. A camera is reopened; the music goes on."""


class PlayerError(JukeboxError):
    """MPD cannot be reached or refuses. The loop retries with back-off; moods are still read."""


class SongsAwaitedError(JukeboxError):
    """The player still reads the songs of a mood. The loop decides anew at the next frame."""


class StoreError(JukeboxError):
    """The database cannot be used. The loop retries with back-off; everything else goes on."""


class BusyError(JukeboxError):
    """Another jukebox already runs with this database."""


class ReleaseError(JukeboxError):
    """The jukebox's own files are not what was installed."""


class DataError(JukeboxError):
    """Pictures to rehearse with are missing or cannot be used."""


class ControlError(JukeboxError):
    """The running jukebox cannot be asked, or it did not do what it was asked for."""

"""The deliberate errors that more than one part knows, and what the loop does about them.

Messages are sentences for the owner: what is wrong, where, and what to do.
"""

from __future__ import annotations


class JukeboxError(Exception):
    """Anything the jukebox can explain. exit_code is what a command ends with."""

    exit_code = 1


class ConfigError(JukeboxError):
    """The configuration cannot be used. At start: exit 78; on reload: the old one stays."""

    exit_code = 78


class ModelError(JukeboxError):
    """A model or its card is missing, damaged or not what it says. At start: exit 78."""

    exit_code = 78


class CameraError(JukeboxError):
    """A camera or a picture file gives nothing usable. A camera is reopened; the music goes on."""


class PlayerError(JukeboxError):
    """MPD cannot be reached or refuses. The loop tries again with back-off; moods go on."""


class StoreError(JukeboxError):
    """The database cannot be written. The loop tries again with back-off; all else goes on."""


class BusyError(JukeboxError):
    """Another jukebox already runs with this database."""


class DataError(JukeboxError):
    """Pictures to rehearse with are missing or cannot be used."""

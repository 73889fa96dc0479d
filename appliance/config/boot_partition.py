"""The jukebox.toml on the boot partition of a Raspberry Pi, merged over that of the system.

Any computer can write it before the jukebox has a screen, a keyboard or a network. It is read at
each start and reload.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from appliance.config import loading
from appliance.config.writing import as_dict
from appliance.errors import ConfigError
from appliance.settings import Settings

log = logging.getLogger("jukebox")

# From Debian 12 (Bookworm) on, and before.
PLACES = (Path("/boot/firmware/jukebox.toml"), Path("/boot/jukebox.toml"))


def load(
    named: Path | None, environ: Mapping[str, str], places: Sequence[Path] = PLACES
) -> Settings:
    """The settings of loading.find(), with those of the boot partition merged over them.

    A file that was asked for by name, in named or $JUKEBOX_CONFIG, stands alone. Raises
    ConfigError, but never because of the file on the boot partition.
    """
    settings = loading.load(loading.find(named, environ))
    file = next((place for place in places if os.path.isfile(place)), None)
    if file is None or named is not None or environ.get("JUKEBOX_CONFIG"):
        return settings
    return merge(settings, file)


def merge(settings: Settings, file: Path) -> Settings:
    """The settings with what the file says, key by key.

    A file with a mistake changes nothing; a warning says why.
    """
    try:
        merged = loading.load(file, settings)
    except ConfigError as error:
        log.warning("%s\n%s: ignored until the mistake is corrected", error, file)
        return settings
    log.info("config: %s sets %s", file, ", ".join(_differences(settings, merged)) or "nothing new")
    return merged


def _differences(before: Settings, after: Settings) -> Iterator[str]:
    """The keys whose values differ."""
    old, new = as_dict(before, show_secrets=True), as_dict(after, show_secrets=True)
    for section, table in new.items():
        yield from (f"{section}.{key}" for key in table if table[key] != old[section][key])

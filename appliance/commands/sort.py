"""`jukebox sort FOLDER`: makes playlists by mood from the owner's music."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from appliance.commands.shared import add_json, print_json, settings_of
from appliance.decide.phrases import counted
from appliance.errors import JukeboxError
from appliance.player.connection import Address, Connection
from appliance.records import EMOTIONS
from appliance.sorting import extra, lists
from appliance.sorting.listening import check_ffmpeg, find_files

if TYPE_CHECKING:
    from appliance.sorting.collection import Track


def add_options(verb: argparse.ArgumentParser) -> None:
    """Adds the music and where the playlists go, and --json."""
    verb.add_argument(
        "folder", type=Path, metavar="FOLDER", help="with your music, which is only read"
    )
    verb.add_argument(
        "--out", type=Path, default=Path("playlists"), metavar="FOLDER", help="for the playlists"
    )
    verb.add_argument(
        "--force", action="store_true", help="overwrite playlists that were edited, too"
    )
    verb.add_argument(
        "--gains",
        action="store_true",
        help="only tell which gain each file lacks to be as loud as others; writes nothing",
    )
    add_json(verb)


def run(chosen: argparse.Namespace) -> int:
    """Analyses the music, writes the playlists and prints a report.

    Returns 1 if no file could be analysed. Raises JukeboxError.
    """
    files = find_files(chosen.folder)
    if not files:
        raise JukeboxError(f"there is no music in {chosen.folder}")
    if chosen.gains:
        return _tell_gains(chosen, files)
    _check_out(chosen)
    check_ffmpeg()
    collection = _collection()
    tracks = list(collection.sort(files, collection.CueCache(cache_file(os.environ))))
    music = _music_of_mpd(chosen)
    written = _write(chosen, tracks, music) if tracks else {}
    report = _report(files, tracks, written)
    if chosen.json:
        print_json(report)
    elif tracks:
        print(_words(report, music))
    else:
        print(f"none of the {len(files)} files can be read, so nothing was written")
    return 0 if tracks else 1


def _tell_gains(chosen: argparse.Namespace, files: Sequence[Path]) -> int:
    """Prints the gains that files lack, with the tags that other programs can write."""
    check_ffmpeg()
    from appliance.sorting import gains  # loads tqdm, but nothing of the extra

    unread: list[Path] = []
    found = list(gains.lacking(files, unread))
    read = len(files) - len(unread)
    if chosen.json:
        rows = [{**asdict(gain), "path": str(gain.path)} for gain in found]
        print_json({"files": len(files), "unread": len(unread), "without_gain": rows})
        return 0 if read else 1
    for gain in found:
        print(f"{gain.gain_db:+6.1f} dB  {gain.path}  {gain.tag}")
    also = f"; {len(unread)} could not be read" if unread else ""
    print(f"{len(found)} of {read} files carry no gain{also}; nothing was written")
    return 0 if read else 1


def _check_out(chosen: argparse.Namespace) -> None:
    """Raises JukeboxError where no playlists could be written: listening may take hours."""
    out = chosen.out.absolute()
    there = next(folder for folder in (out, *out.parents) if os.path.exists(folder))
    if not (os.path.isdir(there) and os.access(there, os.W_OK | os.X_OK)):
        raise JukeboxError(
            f"the playlists cannot be written to {chosen.out}: this user may not write to {there};"
            " choose with --out"
        )
    if not chosen.force:
        lists.check_unedited(chosen.out)


def _collection() -> ModuleType:
    """The module that listens. Raises JukeboxError if what it needs is not installed."""
    extra.use(cache_file(os.environ).parent / "compiled")
    try:
        from appliance.sorting import collection
    except ImportError as error:
        raise JukeboxError(
            f"sorting needs {error.name}, with all that belongs to it about 430 MB; install it"
            f" with: {extra.how_to_install()}"
        ) from error
    return collection


def cache_file(environ: Mapping[str, str]) -> Path:
    """The file that keeps the results of the analysis, on an installed jukebox in its state."""
    if state := environ.get("STATE_DIRECTORY"):
        return Path(state, "sort", "heard.jsonl")
    cache = environ.get("XDG_CACHE_HOME") or Path(environ.get("HOME", "/"), ".cache")
    return Path(cache, "jukebox", "heard.jsonl")


def _music_of_mpd(chosen: argparse.Namespace) -> Path | None:
    """MPD's music folder, if MPD is there and tells it, which it does over its Unix socket."""
    try:
        mpd = settings_of(chosen).mpd
        connection = Connection(Address(mpd.address, mpd.port, mpd.password), lambda _client: None)
        with closing(connection), connection.client() as client:
            told = client.music_directory()
    except JukeboxError:
        return None
    return Path(told) if told.startswith("/") else None


def _write(
    chosen: argparse.Namespace, tracks: Sequence[Track], music: Path | None
) -> dict[str, str]:
    """Writes a playlist for each mood. Returns their paths."""
    folder: Path = chosen.out
    searched = chosen.folder.resolve()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not chosen.force:
            lists.check_unedited(folder)  # again: listening may have taken hours
        entries: dict[str, list[str]] = {emotion: [] for emotion in EMOTIONS}
        for track in tracks:
            # As the owner named it: the folder may be a link in MPD's music to one elsewhere.
            named = chosen.folder / track.path.relative_to(searched)
            inside = lists.in_music(named, music) is not None
            path = named.absolute() if inside else track.path
            entries[track.mood].append(lists.entry(path, folder, music))
        return {
            emotion: str(lists.write(folder.resolve(), emotion, entries[emotion]))
            for emotion in EMOTIONS
        }
    except OSError as error:
        raise JukeboxError(
            f"the playlists cannot be written to {folder}: {error.strerror}; choose with --out"
        ) from error


def _report(files: Sequence[Path], tracks: Sequence[Track], written: Mapping[str, str]) -> Any:
    rows = [
        {
            "file": str(track.path),
            "mood": track.mood,
            "second": track.second,
            **{name: round(value, 3) for name, value in asdict(track.place).items()},
            "cues": {name: round(value, 3) for name, value in asdict(track.cues).items()},
        }
        for track in tracks
    ]
    return {"tracks": rows, "left_out": len(files) - len(tracks), "playlists": written}


def _words(report: Any, music: Path | None) -> str:
    """The report for people: how many tracks each mood has, and what to write into jukebox.toml."""
    moods = [row["mood"] for row in report["tracks"]]
    counts = [f"{emotion:9} {counted(moods.count(emotion), 'track'):>12}" for emotion in EMOTIONS]
    left_out = [f"left out: {counted(report['left_out'], 'file')}"] if report["left_out"] else []
    paths = [
        f'{mood} = "{lists.in_music(Path(path), music) or path}"'
        for mood, path in report["playlists"].items()
        if mood in moods
    ]
    offer = "jukebox sort FOLDER --gains tells which gain each song lacks to be as loud as others."
    config = ["For jukebox.toml:", "", "[playlists]", *paths]
    return "\n".join([*counts, *left_out, "", offer, "", *config])

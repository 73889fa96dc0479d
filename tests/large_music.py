"""Music as in large homes: an MPD whose database holds thousands of songs with long tags."""

import os

from conftest import write_tone
from playing import OwnMpd

TAGS = ("Artist", "Album", "AlbumArtist", "Composer", "Performer", "Conductor", "Work", "Label")
HEAD = "info_begin\nformat: 2\nmpd_version: 0.23.12\nfs_charset: UTF-8\n{tags}info_end\n"
SONG_S = 60.0


class LargeMpd(OwnMpd):
    """It knows its music without reading it. songs: how many each folder has."""

    def __init__(self, folder, songs, more=""):
        self.songs = songs
        self.more = f'{more}metadata_to_use "title,{",".join(TAGS).lower()}"\n'  # as in the head
        super().__init__(folder, folder / "music", "null")
        write_tone(self.music / "tone.wav", 440, SONG_S, rate=8000)
        for name, number in songs.items():
            (self.music / name).mkdir()
            for song in range(number):
                os.link(self.music / "tone.wav", self.music / name / f"{name} {song:05}.wav")
        self.write_database()

    def write_database(self):
        (self.folder).mkdir(exist_ok=True)
        folders = "".join(_folder(name, number) for name, number in self.songs.items())
        (self.folder / "database").write_text(
            HEAD.format(tags="".join(f"tag: {tag}\n" for tag in ("Title", *TAGS))) + folders
        )

    def _read_music(self):
        pass


def _folder(name, songs):
    tags = "".join(f"{tag}: {'Somebody with a long name ' * 3}\n" for tag in TAGS)
    listed = "".join(
        f"song_begin: {name} {song:05}.wav\nTime: {SONG_S:.6f}\nFormat: 8000:16:1\n"
        f"Title: Song {song}\n{tags}mtime: 1700000000\nsong_end\n"
        for song in range(songs)
    )
    return f"directory: {name}\nmtime: 1700000000\nbegin: {name}\n{listed}end: {name}\n"

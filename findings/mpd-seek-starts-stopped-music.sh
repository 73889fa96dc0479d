#!/usr/bin/env bash
# Software:  MPD 0.23.12 (Debian 12, package mpd) and python-mpd2 3.1.1 from PyPI, CPython 3.11.
# Behaviour: `seekid` and `seek` on stopped music start to play it. `seekcur` is refused there.
# Seen:      a queue of one song, stopped: after `seekcur 3` "Not playing" and stop, after `seekid ID 3`
#            play, after `stop` and `seek 0 3` play again
# Expected:  one rule for all three: either they are refused while nothing plays, or they set the place
#            from which `play` begins. A command that is named after a place makes no sound.
# Matters:   a client that brings back a place in a song (after a restart, or when it puts a person's
#            queue back) makes music in a room that somebody had silenced. The jukebox and its page never
#            seek.
# Run first, outside CI: findings/mpd-seek-starts-stopped-music.sh; it fails if the behaviour changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'kill "$(cat "$folder/pid" 2>/dev/null)" 2>/dev/null || true; rm -rf "$folder"' EXIT

# The program of that version, with the libraries that Debian's mpd has installed here.
(cd "$folder" && apt-get download --quiet mpd=0.23.12-1+b1 >/dev/null 2>&1 && dpkg -x mpd_*.deb .)
python3 -m venv "$folder/venv"
python=$folder/venv/bin/python
"$python" -m pip install --quiet --disable-pip-version-check python-mpd2==3.1.1 2>/dev/null

mkdir "$folder/music" "$folder/playlists"
"$python" - "$folder/music/a.wav" <<'PYTHON'
import sys
import wave

with wave.open(sys.argv[1], "wb") as file:
    file.setparams((1, 2, 8000, 0, "NONE", ""))
    file.writeframes(bytes(16000 * 30))
PYTHON
cat >"$folder/mpd.conf" <<CONF
music_directory "$folder/music"
playlist_directory "$folder/playlists"
db_file "$folder/db"
pid_file "$folder/pid"
log_file "$folder/log"
bind_to_address "$folder/socket"
audio_output {
    type "null"
    name "none"
}
CONF
"$folder/usr/bin/mpd" "$folder/mpd.conf"
seen=$("$python" - "$folder/socket" <<'PYTHON'
import sys

import mpd

client = mpd.MPDClient()
client.connect(sys.argv[1], 0)
client.update()
while "updating_db" in client.status():
    pass
song_id = client.addid("a.wav")
try:
    client.seekcur(3)
except mpd.CommandError as error:
    print("refused" if "Not playing" in str(error) else error, end=" ")
print(client.status()["state"], end=" ")
client.seekid(song_id, 3)
print(client.status()["state"], end=" ")
client.stop()
client.seek(0, 3)
print(client.status()["state"])
PYTHON
)
echo "$seen"
[[ $seen == "refused stop play play" ]]

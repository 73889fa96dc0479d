#!/usr/bin/env bash
# Software:  MPD 0.23.12 (Debian 12, package mpd) and python-mpd2 3.1.1 from PyPI, CPython 3.11; the
#            sound is made by ffmpeg 5.1 with libopus.
# Behaviour: `readcomments` gives all comments of an Opus file but R128_TRACK_GAIN, the one that MPD
#            itself plays by (RFC 7845). REPLAYGAIN_TRACK_GAIN, which MPD does not read in Opus, is
#            given.
# Seen:      a file with the comments title, mood, R128_TRACK_GAIN and REPLAYGAIN_TRACK_GAIN:
#            "mood title replaygain_track_gain"
# Expected:  a command that is documented to read "comments" (all of a file's own tags) to give what the
#            file has, and above all the tag that decides how loud it plays.
# Matters:   no client can learn from MPD which Opus files carry their gain, though those without it
#            play 5 dB louder under `replaygain "track"`. `jukebox check` therefore reads the files
#            themselves (appliance/player/gains.py).
# Run first, outside CI: findings/mpd-opus-gain-unseen.sh; it fails if the behaviour changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'kill "$(cat "$folder/pid" 2>/dev/null)" 2>/dev/null || true; rm -rf "$folder"' EXIT

# The program of that version, with the libraries that Debian's mpd has installed here.
(cd "$folder" && apt-get download --quiet mpd=0.23.12-1+b1 >/dev/null 2>&1 && dpkg -x mpd_*.deb .)
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check python-mpd2==3.1.1 2>/dev/null

mkdir "$folder/music" "$folder/playlists"
ffmpeg -v error -f lavfi -i sine=440:d=1 -c:a libopus -metadata title=Tone -metadata mood=happy \
    -metadata R128_TRACK_GAIN=-512 -metadata REPLAYGAIN_TRACK_GAIN="-2.00 dB" "$folder/music/tone.opus"
ffprobe -v error -show_entries stream_tags=R128_TRACK_GAIN -of csv=p=0 "$folder/music/tone.opus" | grep -qx -- -512
cat >"$folder/mpd.conf" <<CONF
music_directory "$folder/music"
playlist_directory "$folder/playlists"
db_file "$folder/db"
pid_file "$folder/pid"
log_file "$folder/log"
bind_to_address "$folder/socket"
CONF
"$folder/usr/bin/mpd" "$folder/mpd.conf" 2>/dev/null
seen=$("$folder/venv/bin/python" - "$folder/socket" <<'PYTHON'
import sys

import mpd

client = mpd.MPDClient()
client.connect(sys.argv[1], 0)
client.update()
while "updating_db" in client.status():
    pass
comments = {name.lower() for name in client.readcomments("tone.opus")}
print(*sorted(comments & {"title", "mood", "r128_track_gain", "replaygain_track_gain"}))
PYTHON
)
kill "$(cat "$folder/pid")"
echo "$seen"
[[ $seen == "mood replaygain_track_gain title" ]]

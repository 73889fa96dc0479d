#!/usr/bin/env bash
# Software:  MPD 0.23.12 (Debian 12, package mpd) and python-mpd2 3.1.1 from PyPI, CPython 3.11.
# Behaviour: MPD keeps its queue over a restart, but gives its songs new ids: 1, 2, 3 … in the queue's
#            order. It also counts the edits of the queue ("playlist" in `status`) anew from 2 on. So an
#            id from before a restart is not unknown then: it names another song.
# Seen:      four songs added, the first two deleted: ids 3 and 4, at a version above 2; after a
#            restart the same two songs have the ids 1 and 2, at version 2
# Expected:  ids that are kept with the queue, or that are never given again (a counter that goes on),
#            so that a client that comes back gets "No such song" and not somebody else's.
# Matters:   a jukebox that removes "its" played songs by their ids would remove a person's song after a
#            restart of MPD, and take its own for theirs. It finds its songs again by uri and place
#            (appliance/player/own_songs.py, tests/test_own_songs.py).
# Run first, outside CI: findings/mpd-restart-renumbers-queue.sh; it fails if the behaviour changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'kill "$(cat "$folder/pid" 2>/dev/null)" 2>/dev/null || true; rm -rf "$folder"' EXIT

# The program of that version, with the libraries that Debian's mpd has installed here.
(cd "$folder" && apt-get download --quiet mpd=0.23.12-1+b1 >/dev/null 2>&1 && dpkg -x mpd_*.deb .)
python3 -m venv "$folder/venv"
python=$folder/venv/bin/python
"$python" -m pip install --quiet --disable-pip-version-check python-mpd2==3.1.1 2>/dev/null

mkdir "$folder/music" "$folder/playlists"
"$python" - "$folder/music" <<'PYTHON'
import sys
import wave

for name in "abcd":
    with wave.open(f"{sys.argv[1]}/{name}.wav", "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(bytes(16000))
PYTHON
cat >"$folder/mpd.conf" <<CONF
music_directory "$folder/music"
playlist_directory "$folder/playlists"
db_file "$folder/db"
state_file "$folder/state"
pid_file "$folder/pid"
log_file "$folder/log"
bind_to_address "$folder/socket"
audio_output {
    type "null"
    name "none"
}
CONF

run() { # run CODE: starts MPD, lets a client do this, ends MPD, and prints what the client printed
    "$folder/usr/bin/mpd" "$folder/mpd.conf"
    "$python" - "$folder/socket" <<PYTHON
import sys
import mpd
client = mpd.MPDClient()
client.connect(sys.argv[1], 0)
$1
songs = [(song["file"], song["id"]) for song in client.playlistinfo()]
print(songs, "new" if client.status()["playlist"] == "2" else "later")
PYTHON
    kill "$(cat "$folder/pid")"
    while [[ -e "$folder/pid" ]]; do sleep 0.05; done
}

before=$(run '
client.update()
while "updating_db" in client.status():
    pass
for name in "abcd":
    client.add(f"{name}.wav")
client.delete((0, 2))')
after=$(run '')
printf 'before: %s\nafter:  %s\n' "$before" "$after"
[[ $before == "[('c.wav', '3'), ('d.wav', '4')] later" ]]
[[ $after == "[('c.wav', '1'), ('d.wav', '2')] new" ]]

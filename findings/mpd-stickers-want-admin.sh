#!/usr/bin/env bash
# Software:  MPD 0.23.12 (Debian 12, package mpd) and python-mpd2 3.1.1 from PyPI, CPython 3.11.
# Behaviour: whoever has the permissions read, add, player and control may change everything that
#            plays, but may not even read a sticker: `sticker get` and `sticker find` want "admin", the
#            permission that also lets `kill` end MPD. `sendmessage` wants "control", while `subscribe`
#            is content with "read".
# Seen:      permissions read,add,player,control: sticker find denied, sendmessage allowed
#            permissions read:                    subscribe allowed, sendmessage denied
# Expected:  reading what people like is "read", as reading tags is, and writing it "control", as
#            playlists are; a client that may listen on a channel may answer on it.
# Matters:   a jukebox without "admin" does not see what people like, and so a network of phones without
#            "admin" (which keeps `kill` away) can no longer rate songs. `jukebox check` says which of the
#            permissions is missing and what that costs (appliance/player/capabilities.py).
# Run first, outside CI: findings/mpd-stickers-want-admin.sh; it fails if the behaviour changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'kill "$(cat "$folder/pid" 2>/dev/null)" 2>/dev/null || true; rm -rf "$folder"' EXIT

# The program of that version, with the libraries that Debian's mpd has installed here.
(cd "$folder" && apt-get download --quiet mpd=0.23.12-1+b1 >/dev/null 2>&1 && dpkg -x mpd_*.deb .)
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check python-mpd2==3.1.1 2>/dev/null

ask() { # ask PERMISSIONS: what a client with these permissions may do
    mkdir -p "$folder/music" "$folder/playlists"
    cat >"$folder/mpd.conf" <<CONF
music_directory "$folder/music"
playlist_directory "$folder/playlists"
db_file "$folder/db"
sticker_file "$folder/stickers"
state_file "$folder/state"
pid_file "$folder/pid"
log_file "$folder/log"
bind_to_address "$folder/socket"
default_permissions "$1"
local_permissions "$1"
CONF
    "$folder/usr/bin/mpd" "$folder/mpd.conf"
    "$folder/venv/bin/python" - "$folder/socket" <<'PYTHON'
import sys

import mpd


def allowed(client, *command):
    try:
        getattr(client, command[0])(*command[1:])
    except mpd.CommandError as error:
        return "denied" if error.errno == mpd.FailureResponseCode.PERMISSION else "allowed"
    return "allowed"


client = mpd.MPDClient()
client.connect(sys.argv[1], 0)
find = allowed(client, "sticker_find", "song", "", "like")
listen = allowed(client, "subscribe", "here")
say = allowed(client, "sendmessage", "here", "hello")
print(f"sticker find {find}, subscribe {listen}, sendmessage {say}")
PYTHON
    kill "$(cat "$folder/pid")"
    while [[ -e "$folder/pid" ]]; do sleep 0.05; done
}

full=$(ask read,add,player,control)
reader=$(ask read)
printf 'read,add,player,control: %s\nread: %s\n' "$full" "$reader"
[[ $full == "sticker find denied, subscribe allowed, sendmessage allowed" ]]
[[ $reader == "sticker find denied, subscribe allowed, sendmessage denied" ]]

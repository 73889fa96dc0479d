#!/bin/bash
# What MPD answers to these commands: mpd-says.sh status currentsong
exec 3<>/dev/tcp/127.0.0.1/6600
printf '%s\n' "$@" close >&3
cat <&3

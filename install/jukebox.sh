#!/bin/sh
# Becomes /usr/local/bin/jukebox: runs a verb with the service's release, settings and database and,
# under sudo, as its user, so that `sudo jukebox check` sees what the service sees.
here=/opt/jukebox/current
export PYTHONPATH=$here STATE_DIRECTORY=/var/lib/jukebox RUNTIME_DIRECTORY=/run/jukebox "MPD_HOST=${MPD_HOST:-/run/mpd/socket}"
# What the home tells and where, it does as its service does, with the owner's password for the broker.
if [ "$(id -u)" = 0 ] && { [ "$1" = home ] || [ "$1" = rooms ]; }; then
    exec systemd-run --quiet --pipe --wait --collect --unit=jukebox-home-once \
        --property=DynamicUser=yes --property=User=jukebox-home --property=StateDirectory=jukebox-home \
        --property=RuntimeDirectory=jukebox-home-once \
        --property=LoadCredential=jukebox.toml:/etc/jukebox/jukebox.toml \
        --property=LoadCredential=home:/etc/jukebox/home \
        --setenv=PYTHONPATH="$here" \
        --setenv=JUKEBOX_CONFIG=/run/credentials/jukebox-home-once.service/jukebox.toml \
        "$here/bin/jukebox" "$@"
fi
if [ "$(id -u)" = 0 ]; then
    exec setpriv --reuid=jukebox --regid=jukebox --init-groups "$here/bin/jukebox" "$@"
fi
exec "$here/bin/jukebox" "$@"

#!/bin/sh
# Becomes /usr/local/bin/jukebox: runs a verb with the service's release, settings and database and,
# under sudo, as its user, so that `sudo jukebox check` sees what the service sees.
here=/opt/jukebox/current
export PYTHONPATH=$here STATE_DIRECTORY=/var/lib/jukebox RUNTIME_DIRECTORY=/run/jukebox "MPD_HOST=${MPD_HOST:-/run/mpd/socket}"
if [ "$(id -u)" = 0 ]; then
    exec setpriv --reuid=jukebox --regid=jukebox --init-groups "$here/bin/jukebox" "$@"
fi
exec "$here/bin/jukebox" "$@"

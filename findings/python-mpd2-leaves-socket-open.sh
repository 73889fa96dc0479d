#!/usr/bin/env bash
# Software:  python-mpd2 3.1.1 from PyPI, CPython 3.11.
# Behaviour: a connect() to a Unix socket that is not there, or at which nobody listens, raises and leaves
#            the socket that it made open, until Python collects it; a connect() by TCP closes it.
# Seen:      unix: 1 left open, tcp: 0 left open
# Expected:  0 left open both times.
# Matters:   a program that waits for MPD by its socket, and keeps the error or its traceback, holds one
#            more file open with each attempt. The jukebox keeps no error; its tests, in which a warning is
#            an error, wait for MPD by TCP (tests/test_home_broker.py).
# Run first, outside CI: findings/python-mpd2-leaves-socket-open.sh; it fails if the behaviour changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check python-mpd2==3.1.1 2>/dev/null

left=$("$folder/venv/bin/python" - "$folder/nobody" <<'PYTHON'
import os
import sys

import mpd


def left_open(host, port):
    """How many files more are open after a failed connect, while the error is kept."""
    before = len(os.listdir("/proc/self/fd"))
    try:
        mpd.MPDClient().connect(host, port)
    except (OSError, mpd.MPDError) as error:
        kept = error  # with its traceback
        return len(os.listdir("/proc/self/fd")) - before
    raise SystemExit("somebody listens there")


print(f"unix: {left_open(sys.argv[1], None)} left open, tcp: {left_open('127.0.0.1', 1)} left open")
PYTHON
)
echo "$left"
[[ $left == "unix: 1 left open, tcp: 0 left open" ]]

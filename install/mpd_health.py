"""Whether MPD answers at its socket: exit 0, or 75 if not (systemd/jukebox-mpd-health.service).

MPD may hang, its socket may be removed, or so many clients may hold connections that it takes no
other. None of it ends the process, so systemd sees nothing wrong. This needs Debian's Python alone.
"""

import socket
import sys
import time

SOCKET = "/run/mpd/socket"
PATIENCE_S = 10.0  # MPD answers within milliseconds; listing a large library takes some seconds
TRIES = 3
PAUSE_S = 2.0
DOES_NOT_ANSWER = 75


def answers(path: str, patience_s: float) -> bool:
    """Whether an MPD there greets and answers."""
    try:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(patience_s)
            client.connect(path)
            lines = client.makefile("rb")
            if not lines.readline(200).startswith(b"OK MPD "):
                return False
            client.sendall(b"ping\n")
            return lines.readline(200) == b"OK\n"
    except OSError:
        return False


def main() -> int:
    """Asks a few times."""
    for number in range(TRIES):
        if number:
            time.sleep(PAUSE_S)
        if answers(SOCKET, PATIENCE_S):
            return 0
    sys.stderr.write(f"MPD does not answer at {SOCKET}\n")
    return DOES_NOT_ANSWER


if __name__ == "__main__":
    sys.exit(main())

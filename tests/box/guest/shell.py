"""Runs what the rig asks for: a line of JSON comes in, a line with the result goes back."""

import json
import subprocess
import time

PORT = "/dev/virtio-ports/box.shell"


def answer(line: bytes) -> bytes:
    """Runs the command of {"id", "command"}. Returns {"id", "status", "output"} as a line."""
    request = json.loads(line)
    done = subprocess.run(
        ["/bin/bash", "-c", request["command"]],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    output = done.stdout.decode(errors="replace")
    reply = {"id": request["id"], "status": done.returncode, "output": output}
    return json.dumps(reply).encode() + b"\n"


def main() -> None:
    """Serves until it is killed."""
    with open(PORT, "r+b", buffering=0) as port:
        while True:
            line = port.readline()
            if line.endswith(b"\n"):
                port.write(answer(line))
            else:
                time.sleep(0.2)  # nobody is at the other end


if __name__ == "__main__":
    main()

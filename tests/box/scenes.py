"""The pictures that the rig's webcam shows: python -m box.scenes FOLDER (from tests/)."""

import json
import sys
from pathlib import Path

from appliance.camera.reel import frame_at, truth_at

# Seconds of the demo reel at which one person shows this, at rest. Fear is left out: the network
# reads the reel's as surprise (README, limits).
BEGINS_S = {
    "neutral": 12.0,
    "happy": 28.0,
    "sad": 106.0,
    "surprise": 72.0,
    "angry": 124.0,
    "disgust": 146.0,
}
FRAMES = 8
STEP_S = 0.25


def main(folder: Path) -> None:
    """Writes scenes.gray, frame after frame of 640×480 bytes, and scenes.json."""
    with (folder / "scenes.gray").open("wb") as file:
        for name, begins_s in BEGINS_S.items():
            for number in range(FRAMES):
                time_s = begins_s + number * STEP_S
                assert truth_at(time_s) == (name,), f"{time_s} s: {truth_at(time_s)}, not {name}"
                file.write(frame_at(time_s).tobytes())
    index = {"names": list(BEGINS_S), "frames": FRAMES}
    (folder / "scenes.json").write_text(json.dumps(index))


if __name__ == "__main__":
    main(Path(sys.argv[1]))

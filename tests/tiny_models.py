"""Networks small enough to be made in a test, with the cards that the jukebox and convert read."""

import hashlib
import json
import warnings
from pathlib import Path

import numpy as np
import pytest

with warnings.catch_warnings():
    # TensorFlow and Keras warn about their own future while they are imported.
    warnings.simplefilter("ignore")
    keras = pytest.importorskip("keras", reason="needs the extra [convert]")
    from convert.quantize import to_float32

SIZE_PX = 48


def write_gender_model(path: Path, temperature: float = 1.0, **card: object) -> Path:
    """FILE.tflite and its card: a face whose left half is the brighter one looks female."""
    image = keras.Input((SIZE_PX, SIZE_PX, 1))
    halves = keras.layers.AveragePooling2D((SIZE_PX, SIZE_PX // 2))(image)  # 1×2×1
    logits = keras.layers.Dense(2, use_bias=False)(keras.layers.Flatten()(halves))
    network = keras.Model(image, {"gender": logits})
    network.set_weights([np.array([[0, 10], [10, 0]], np.float32)])
    path.write_bytes(to_float32(network))
    described = {
        "name": path.stem,
        "task": "gender",
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "labels": ["male", "female"],
        "input": {"size_px": SIZE_PX, "channels": 1, "scaling": "x/127.5-1", "dtype": "float32"},
        "outputs": [{"head": "gender", "index": 0, "temperature": temperature}],
        "head": "gender",
    }
    path.with_suffix(".json").write_text(json.dumps(described | card))
    return path

#!/usr/bin/env bash
# Software:  tflite-runtime 2.14.0 and ai-edge-litert 2.1.1 from PyPI, CPython 3.11, x86-64, one thread; the network
#            is made with tensorflow-cpu 2.20.0.
# Behaviour: Interpreter(…, experimental_preserve_all_tensors=True) keeps what lies between a network's operations
#            readable. With ai-edge-litert that costs a few percent. With tflite-runtime the same network takes twelve
#            times as long, without an error or a warning.
# Seen:      ten separable convolutions of 64 channels on 24×24 pixels, float32, the median of 200 runs:
#            "tflite_runtime: 0.60 7.50 12.47", "ai_edge_litert: 0.58 0.59 1.02" (ms, ms with kept tensors, ratio)
# Expected:  one project's interpreter under two names, as fast as each other without the option, to be so with it.
# Matters:   who reads a network's inner features (embeddings, explanations, a person who is taught) finds the option
#            for nothing on a PC, and it stops a small computer that has the older package. The jukebox makes the last
#            maps an output of the file instead, which costs 2 % with both (convert/quantize.py, with_inside).
# Run first, outside CI: findings/tflite-runtime-kept-tensors.sh; it fails if the behaviour changes.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3.11 -m venv "$folder/env"
python=$folder/env/bin/python
pip=("$python" -m pip --quiet --disable-pip-version-check install)
"${pip[@]}" tensorflow-cpu==2.20.0 numpy==1.26.4 2>/dev/null
"${pip[@]}" --target "$folder/old" --no-deps tflite-runtime==2.14.0 2>/dev/null
"${pip[@]}" --target "$folder/new" --no-deps ai-edge-litert==2.1.1 2>/dev/null

cat >"$folder/make.py" <<'PY'
import sys
import tensorflow as tf

face = tf.keras.Input((24, 24, 64), batch_size=1)
maps = face
for _ in range(10):
    maps = tf.keras.layers.SeparableConv2D(64, 3, padding="same", activation="relu")(maps)
network = tf.keras.Model(face, tf.keras.layers.GlobalAveragePooling2D()(maps))
open(sys.argv[1], "wb").write(tf.lite.TFLiteConverter.from_keras_model(network).convert())
PY
cat >"$folder/run.py" <<'PY'
import importlib, statistics, sys, time
import numpy as np

package, model = sys.argv[1:]
Interpreter = importlib.import_module(f"{package}.interpreter").Interpreter
face = np.random.default_rng(0).normal(size=(1, 24, 24, 64)).astype(np.float32)
took = {}
for kept in (False, True):
    network = Interpreter(
        model_path=model, num_threads=1, experimental_preserve_all_tensors=kept
    )
    network.allocate_tensors()
    network.set_tensor(network.get_input_details()[0]["index"], face)
    times = []
    for _ in range(200):
        began = time.perf_counter()
        network.invoke()
        times.append(1e3 * (time.perf_counter() - began))
    took[kept] = statistics.median(times)
print(f"{took[False]:.2f} {took[True]:.2f} {took[True] / took[False]:.2f}")
PY
"$python" "$folder/make.py" "$folder/network.tflite" >/dev/null 2>&1
old=$(PYTHONPATH=$folder/old "$python" "$folder/run.py" tflite_runtime "$folder/network.tflite" 2>/dev/null)
new=$(PYTHONPATH=$folder/new "$python" "$folder/run.py" ai_edge_litert "$folder/network.tflite" 2>/dev/null)
echo "tflite_runtime: $old"
echo "ai_edge_litert: $new"
"$python" - "${old##* }" "${new##* }" <<'PY'
import sys

old, new = map(float, sys.argv[1:])
sys.exit(0 if old > 3.0 and new < 1.5 else "it has changed: see the ratios above")
PY
echo "as described"

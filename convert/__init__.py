"""Makes the models: data, networks, training, quantization, evaluation, cards."""

import os

# TensorFlow logs a page about every conversion; its errors are enough. Before it is imported.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

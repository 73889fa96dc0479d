"""A network in an HDF5 file as Keras 2.0 wrote it, after the published weights."""

import json
from pathlib import Path

import h5py
import numpy as np

SIZE_PX = 16


def write_old_network(path: Path, seed: int = 0) -> dict[str, list[np.ndarray]]:
    """A mini-Xception of one module with random weights; these, by layer, as the file orders them.

    The configuration repeats that of fer2013_mini_XCEPTION.102-0.66.hdf5 (Keras 2.0.5) key by key.
    """
    weights = _weights(np.random.default_rng(seed))
    end = LAYERS[-1]["name"]
    config = {
        "name": "model_1",
        "layers": LAYERS,
        "input_layers": [["input_1", 0, 0]],
        "output_layers": [[end, 0, 0]],
    }
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"] = b"2.0.5"
        file.attrs["backend"] = b"tensorflow"
        file.attrs["model_config"] = json.dumps({"class_name": "Model", "config": config}).encode()
        file.attrs["training_config"] = json.dumps({"loss": "categorical_crossentropy"}).encode()
        group = file.create_group("model_weights")
        group.attrs["keras_version"] = b"2.0.5"
        group.attrs["backend"] = b"tensorflow"
        group.attrs["layer_names"] = [layer["name"].encode() for layer in LAYERS]
        for layer in LAYERS:
            _write_weights(group.create_group(layer["name"]), layer["name"], weights)
    return {name: list(arrays.values()) for name, arrays in weights.items()}


def _write_weights(group: h5py.Group, layer: str, weights: dict) -> None:
    # As there: the names in the file end in _1, because the network had been loaded once before.
    arrays = {f"{layer}_1/{name}:0": array for name, array in weights.get(layer, {}).items()}
    group.attrs["weight_names"] = [name.encode() for name in arrays]
    for name, array in arrays.items():
        group[name] = array


def _weights(rng: np.random.Generator) -> dict[str, dict[str, np.ndarray]]:
    def kernel(*shape: int) -> np.ndarray:
        return rng.normal(0, 1 / np.sqrt(np.prod(shape[:-1])), shape).astype(np.float32)

    def normalization(width: int) -> dict[str, np.ndarray]:
        names = ("gamma", "beta", "moving_mean", "moving_variance")
        return {name: rng.uniform(0.5, 1.5, width).astype(np.float32) for name in names}

    separable = {"depthwise_kernel": kernel(3, 3, 4, 1), "pointwise_kernel": kernel(1, 1, 4, 8)}
    return {
        "conv2d_1": {"kernel": kernel(3, 3, 1, 4)},
        "batch_normalization_1": normalization(4),
        "separable_conv2d_1": separable,
        "batch_normalization_2": normalization(8),
        "conv2d_2": {"kernel": kernel(1, 1, 4, 8)},
        "batch_normalization_3": normalization(8),
        "conv2d_3": {"kernel": 9 * kernel(3, 3, 8, 7), "bias": kernel(7)},
    }


def _initializer(name: str, **config: object) -> dict:
    return {"class_name": name, "config": config}


def _layer(kind: str, name: str, *inputs: str, **config: object) -> dict:
    nodes = [[[name_below, 0, 0, {}] for name_below in inputs]] if inputs else []
    config = {"name": name, "trainable": True, **config}
    return {"class_name": kind, "name": name, "config": config, "inbound_nodes": nodes}


_SCALING = _initializer("VarianceScaling", mode="fan_avg", seed=None, scale=1.0,
                        distribution="uniform")  # fmt: skip
_CONVOLUTION = {
    "padding": "same",
    "data_format": "channels_last",
    "dilation_rate": [1, 1],
    "activation": "linear",
    "activity_regularizer": None,
    "bias_initializer": _initializer("Zeros"),
    "bias_regularizer": None,
    "bias_constraint": None,
}


def _convolution(name: str, below: str, filters: int, size: int, stride: int = 1, **more) -> dict:
    return _layer("Conv2D", name, below, **{
        **_CONVOLUTION,
        "filters": filters,
        "kernel_size": [size, size],
        "strides": [stride, stride],
        "use_bias": False,
        "kernel_initializer": _SCALING,
        "kernel_regularizer": _initializer("L1L2", l1=0.0, l2=0.009999999776482582),
        "kernel_constraint": None,
        **more,
    })  # fmt: skip


def _separable(name: str, below: str, filters: int) -> dict:
    return _layer("SeparableConv2D", name, below, **{
        **_CONVOLUTION,
        "filters": filters,
        "kernel_size": [3, 3],
        "strides": [1, 1],
        "depth_multiplier": 1,
        "use_bias": False,
        **{f"{part}_initializer": _SCALING for part in ("depthwise", "pointwise")},
        **{f"{part}_regularizer": None for part in ("depthwise", "pointwise")},
        **{f"{part}_constraint": None for part in ("depthwise", "pointwise")},
    })  # fmt: skip


def _normalization(name: str, below: str) -> dict:
    return _layer("BatchNormalization", name, below, **{
        "axis": -1,
        "momentum": 0.99,
        "epsilon": 0.001,
        "center": True,
        "scale": True,
        "beta_initializer": _initializer("Zeros"),
        "gamma_initializer": _initializer("Ones"),
        "moving_mean_initializer": _initializer("Zeros"),
        "moving_variance_initializer": _initializer("Ones"),
        **{f"{part}_{kind}": None for part in ("beta", "gamma")
           for kind in ("regularizer", "constraint")},
    })  # fmt: skip


LAYERS = [
    {
        "class_name": "InputLayer",
        "name": "input_1",
        "config": {
            "batch_input_shape": [None, SIZE_PX, SIZE_PX, 1],
            "dtype": "float32",
            "sparse": False,
            "name": "input_1",
        },
        "inbound_nodes": [],
    },
    _convolution("conv2d_1", "input_1", 4, 3, padding="valid"),
    _normalization("batch_normalization_1", "conv2d_1"),
    _layer("Activation", "activation_1", "batch_normalization_1", activation="relu"),
    _separable("separable_conv2d_1", "activation_1", 8),
    _normalization("batch_normalization_2", "separable_conv2d_1"),
    _convolution("conv2d_2", "activation_1", 8, 1, 2),
    _layer("MaxPooling2D", "max_pooling2d_1", "batch_normalization_2", pool_size=[3, 3],
           strides=[2, 2], padding="same", data_format="channels_last"),
    _normalization("batch_normalization_3", "conv2d_2"),
    _layer("Add", "add_1", "max_pooling2d_1", "batch_normalization_3"),
    _convolution("conv2d_3", "add_1", 7, 3, use_bias=True, kernel_regularizer=None),
    _layer("GlobalAveragePooling2D", "global_average_pooling2d_1", "conv2d_3",
           data_format="channels_last"),
    _layer("Activation", "predictions", "global_average_pooling2d_1", activation="softmax"),
]  # fmt: skip

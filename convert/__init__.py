"""Makes the models: data, networks, training, quantization, evaluation, cards."""

r"""What the network answers for faces of each emotion. Made by convert/reads.py; do not edit.

    python -m convert.reads --data ../shared/data/fer2013.zip \
        --votes ../shared/data/ferplus_votes.csv --model models/emotion_int8_single.tflite

From 1,378 faces of Training that the network was not trained on.
"""

MODEL_SHA256 = "699e01937220cae3375c3d30c84e11c5ad2e116d56fe62c0e3383a65ef9a92de"
# Mean probabilities: a row for each emotion of the face, in it the answers; all by EMOTIONS.
ANSWERS = (
    (0.499, 0.021, 0.017, 0.083, 0.073, 0.068, 0.238),  # angry
    (0.313, 0.114, 0.027, 0.114, 0.097, 0.078, 0.256),  # disgust
    (0.092, 0.006, 0.253, 0.039, 0.153, 0.224, 0.232),  # fear
    (0.017, 0.001, 0.005, 0.866, 0.016, 0.030, 0.065),  # happy
    (0.041, 0.005, 0.017, 0.056, 0.454, 0.019, 0.407),  # sad
    (0.041, 0.002, 0.077, 0.057, 0.022, 0.722, 0.079),  # surprise
    (0.022, 0.003, 0.008, 0.048, 0.108, 0.028, 0.783),  # neutral
)
# The same over all faces.
ON_AVERAGE = (0.095, 0.020, 0.042, 0.254, 0.128, 0.117, 0.343)

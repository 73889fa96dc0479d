r"""What the network answers for faces of each emotion. Made by convert/reads.py; do not edit.

    python -m convert.reads --data ../shared/data/fer2013.zip \
        --votes ../shared/data/ferplus_votes.csv --model models/emotion_int8_single.tflite

From 1,378 faces of Training that the network was not trained on.
"""

MODEL_SHA256 = "5992fefc626a1793a996af8acd5389915f70e77b4e49112c6b7516a82318157e"
# Mean probabilities: a row for each emotion of the face, in it the answers; all by EMOTIONS.
ANSWERS = (
    (0.498, 0.022, 0.017, 0.080, 0.074, 0.071, 0.237),  # angry
    (0.307, 0.127, 0.026, 0.113, 0.096, 0.081, 0.248),  # disgust
    (0.094, 0.006, 0.254, 0.039, 0.154, 0.224, 0.229),  # fear
    (0.017, 0.001, 0.005, 0.868, 0.016, 0.030, 0.064),  # happy
    (0.042, 0.005, 0.018, 0.054, 0.462, 0.020, 0.398),  # sad
    (0.042, 0.002, 0.075, 0.055, 0.021, 0.727, 0.078),  # surprise
    (0.023, 0.003, 0.008, 0.046, 0.110, 0.030, 0.779),  # neutral
)
# The same over all faces.
ON_AVERAGE = (0.095, 0.020, 0.042, 0.253, 0.130, 0.119, 0.341)

r"""What the network answers for faces of each emotion. Made by convert/reads.py; do not edit.

    python -m convert.reads --data ../shared/data/fer2013.zip \
        --votes ../shared/data/ferplus_votes.csv --model models/emotion_int8.tflite

From 1,378 faces of Training that the network was not trained on.
"""

MODEL_SHA256 = "081b368e28731350db28dcd76bed48b60db1c2f78e448103ec76f13ee199fd03"
# Mean probabilities: a row for each emotion of the face, in it the answers; all by EMOTIONS.
ANSWERS = (
    (0.510, 0.021, 0.016, 0.075, 0.073, 0.065, 0.241),  # angry
    (0.302, 0.118, 0.024, 0.120, 0.104, 0.073, 0.260),  # disgust
    (0.092, 0.005, 0.265, 0.038, 0.142, 0.225, 0.234),  # fear
    (0.015, 0.001, 0.004, 0.876, 0.014, 0.030, 0.060),  # happy
    (0.038, 0.005, 0.016, 0.050, 0.468, 0.018, 0.404),  # sad
    (0.040, 0.001, 0.070, 0.053, 0.018, 0.743, 0.075),  # surprise
    (0.020, 0.002, 0.007, 0.047, 0.109, 0.028, 0.788),  # neutral
)
# The same over all faces.
ON_AVERAGE = (0.094, 0.019, 0.042, 0.254, 0.128, 0.119, 0.344)

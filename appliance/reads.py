r"""What the network answers on average. Made by convert/reads.py; do not edit.

    python -m convert.reads --data ../shared/data/fer2013.zip \
        --votes ../shared/data/ferplus_votes.csv --model models/emotion_int8_single.tflite

From 1,378 faces of Training that the network was not trained on.
"""

MODEL_SHA256 = "699e01937220cae3375c3d30c84e11c5ad2e116d56fe62c0e3383a65ef9a92de"
# Means of both heads' probabilities by EMOTIONS: over all faces (a little evened), and over those
# that are neutral by FER-2013's label and those that are by the crowd's, half each.
ON_AVERAGE = (0.120, 0.017, 0.087, 0.251, 0.143, 0.109, 0.273)
NEUTRAL_FACES = (0.066, 0.006, 0.058, 0.049, 0.152, 0.029, 0.640)

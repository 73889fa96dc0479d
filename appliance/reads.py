r"""What the network answers on average. Made by convert/reads.py; do not edit.

    python -m convert.reads --data ../shared/data/fer2013.zip \
        --votes ../shared/data/ferplus_votes.csv --model models/emotion_int8_single.tflite

From 1,378 faces of Training that the network was not trained on.
"""

MODEL_SHA256 = "6c7939fe0346a181e54e643b135e78d766469d183d9387ea81f7978adb29b698"
# Means of both heads' probabilities by EMOTIONS: over all faces (a little evened), and over those
# that are neutral by FER-2013's label and those that are by the crowd's, half each.
ON_AVERAGE = (0.119, 0.017, 0.089, 0.252, 0.146, 0.107, 0.270)
NEUTRAL_FACES = (0.067, 0.005, 0.060, 0.046, 0.156, 0.026, 0.639)

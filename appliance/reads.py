r"""What the network answers on average. Made by convert/reads.py; do not edit.

    python -m convert.reads --data ../shared/data/fer2013.zip \
        --votes ../shared/data/ferplus_votes.csv --model models/emotion_int8_single.tflite

From 1,378 faces of Training that the network was not trained on.
"""

MODEL_SHA256 = "6443a129ea83895bf4b7c4da5a249de75a0670efc9797bd717fe50956d15eaff"
# Means of both heads' probabilities by EMOTIONS: over all faces (a little evened), and over those
# that are neutral by FER-2013's label and those that are by the crowd's, half each.
ON_AVERAGE = (0.116, 0.018, 0.086, 0.255, 0.145, 0.110, 0.270)
NEUTRAL_FACES = (0.068, 0.005, 0.057, 0.048, 0.154, 0.028, 0.640)

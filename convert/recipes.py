"""How each model is made: everything that decides what comes out, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass

HOLD_OUT = 0.05  # of the training split, never trained on


@dataclass(frozen=True, slots=True)
class Recipe:
    """One training. What it leaves depends on this, the data and the versions of the libraries."""

    network: str  # a name in networks.NETWORKS
    epochs: int
    task: str = "emotion"  # what it is trained for: emotion or gender
    batch: int = 128
    peak_rate: float = 4e-3  # highest learning rate of the one cycle
    weight_decay: float = 5e-3
    loss: str = "cross_entropy"  # a name in losses.LOSSES
    smoothing: float = 0.05  # of hard labels; the crowd's votes are smooth already
    mixup: float = 0.0  # alpha of the mixing shares' beta distribution; 0 mixes nothing
    teacher: str = ""  # the model in RECIPES to learn from as well; "": from the labels alone
    teaching: float = 0.0  # share of the targets that is the teacher's
    views: int = 0  # augmentations of each picture, seen in turn; 0: a new one every epoch
    rounding: int = 0  # of the epochs, the last ones feel int8's rounding
    averaging: float = 0.999  # of the weights, a step
    hold_out: float = HOLD_OUT
    seed: int = 0
    mirror: int = 0  # 1: the model answers with the mean for a face and its mirror image
    limit: int = 0  # train on this many pictures only; 0 is all of them


# In the order in which they can be made: a teacher before those it teaches.
RECIPES = {
    "sequential_cnn": Recipe(
        "sequential_cnn", epochs=45, peak_rate=3e-3, weight_decay=0.05, mirror=1
    ),
    "mini_xception": Recipe("mini_xception", epochs=50),
    "emotion": Recipe(
        "mini_xception_fast",
        epochs=100,
        teacher="sequential_cnn",
        teaching=0.7,
        views=10,
        rounding=10,
        mirror=1,
    ),
    "gender": Recipe("mini_xception_gender", epochs=30, task="gender", rounding=4, mirror=1),
}

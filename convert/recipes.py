"""How each model is made: everything that decides what comes out, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass

PRECISIONS = ("float32", "mixed_bfloat16")  # the latter is faster where the processor has it
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
    start: str = ""  # the recipe whose weights to begin with; "": random ones
    teacher: str = ""  # the recipe whose network to learn from as well; "": from the labels alone
    teaching: float = 0.0  # share of the targets that is the teacher's
    augmentation: float = 1.0  # strength of it, as augment.py says
    augmentations: int = 0  # augmentations of each picture, seen in turn; 0: a new one every epoch
    rounding: int = 0  # of the epochs, the last ones feel int8's rounding
    averaging: float = 0.999  # of the weights, a step
    hold_out: float = HOLD_OUT
    seed: int = 0
    views: int = 1  # at each face, whose mean the model answers: networks.with_views
    precision: str = PRECISIONS[0]  # what it computes in; its weights are float32 in any case
    limit: int = 0  # so many pictures of each split only; 0 is all of them

    @property
    def needs(self) -> tuple[str, ...]:
        """The recipes of the networks that must be there before this one."""
        return tuple(filter(None, (self.start, self.teacher)))


# In the order in which they can be trained: a teacher before those it teaches.
RECIPES = {
    "sequential_first": Recipe(
        "sequential_cnn", epochs=45, peak_rate=3e-3, weight_decay=0.05, views=2
    ),
    # Learns from an equal (Furlanello et al. 2018, "Born-Again Neural Networks").
    "sequential_second": Recipe(
        "sequential_cnn",
        epochs=45,
        peak_rate=3e-3,
        weight_decay=0.05,
        teacher="sequential_first",
        teaching=0.7,
        augmentations=15,
        views=2,
    ),
    # Larger: the teacher of the small ones.
    "residual": Recipe(
        "residual_cnn",
        epochs=45,
        peak_rate=3e-3,
        weight_decay=0.1,
        teacher="sequential_second",
        teaching=0.5,
        augmentation=0.5,
        augmentations=15,
        precision="mixed_bfloat16",
        views=2,
    ),
    "sequential_cnn": Recipe(
        "sequential_cnn",
        epochs=16,
        peak_rate=1.5e-3,
        weight_decay=0.05,
        start="sequential_second",
        teacher="residual",
        teaching=0.7,
        augmentation=0.4,
        augmentations=4,
        views=6,
    ),
    "mini_xception_first": Recipe("mini_xception", epochs=50),
    "mini_xception_second": Recipe(
        "mini_xception",
        epochs=12,
        peak_rate=1e-3,
        start="mini_xception_first",
        teacher="sequential_second",
        teaching=0.7,
        augmentations=4,
        rounding=8,
    ),
    # The last cycle's last epochs feel int8's rounding while the learning rate is still high enough
    # to answer it.
    "mini_xception": Recipe(
        "mini_xception",
        epochs=24,
        peak_rate=2e-3,
        start="mini_xception_second",
        teacher="residual",
        teaching=0.8,
        augmentation=0.4,
        augmentations=4,
        rounding=8,
    ),
    "emotion_first": Recipe(
        "mini_xception_fast",
        epochs=100,
        teacher="sequential_first",
        teaching=0.7,
        augmentations=10,
        rounding=10,
        views=2,
    ),
    # Small networks have no room to learn faces that are never seen: augmented less than at first.
    "emotion_second": Recipe(
        "mini_xception_fast",
        epochs=40,
        peak_rate=2e-3,
        start="emotion_first",
        teacher="sequential_second",
        teaching=0.7,
        augmentation=0.4,
        augmentations=10,
        rounding=10,
        views=2,
    ),
    "emotion": Recipe(
        "mini_xception_fast",
        epochs=60,
        peak_rate=3e-3,
        start="emotion_second",
        teacher="residual",
        teaching=0.8,
        augmentation=0.4,
        augmentations=10,
        rounding=15,
        views=6,
    ),
    "gender_first": Recipe("mini_xception_gender", epochs=30, task="gender", rounding=4, views=2),
    "gender": Recipe(
        "mini_xception_gender",
        epochs=40,
        task="gender",
        peak_rate=2e-3,
        start="gender_first",
        augmentation=0.4,
        rounding=8,
        views=2,
    ),
}
# Of these there are files; the others only help to make them.
MADE = ("sequential_cnn", "mini_xception", "emotion", "gender")

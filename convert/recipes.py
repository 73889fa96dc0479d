"""How each model is made: everything that decides the result, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.vision.preprocessing import LIGHT, Light

PRECISIONS = ("float32", "mixed_bfloat16")  # the latter is faster where the processor has it
HOLD_OUT = 0.05  # of the training split, never trained on

# Of a training: for each epoch its number, loss, seconds, and the held-out accuracy of each head.
History = list[dict[str, float]]


@dataclass(frozen=True, slots=True)
class Recipe:
    """One training. Its result depends on this, the data and the versions of the libraries."""

    network: str  # a name in networks.NETWORKS
    epochs: int
    task: str = "emotion"  # emotion, gender or track
    batch: int = 128
    peak_rate: float = 4e-3  # highest learning rate of the one cycle
    weight_decay: float = 5e-3
    loss: str = "cross_entropy"  # a name in losses.LOSSES
    smoothing: float = 0.05  # of hard labels; the crowd's votes are smooth already
    mixup: float = 0.0  # alpha of the mixing shares' beta distribution; 0 mixes nothing
    start: str = ""  # the recipe whose weights to begin with; "": random ones
    teacher: str = ""  # the recipe whose network to learn from as well; "": from the labels alone
    teaching: float = 0.0  # the teacher's share of the targets
    augmentation: float = 1.0  # its strength, 0…1, as augment.py says
    augmentations: int = 0  # of each picture, shown in turn; 0: a new one every epoch
    rounding: int = 0  # how many epochs, the last ones, include int8's rounding
    averaging: float = 0.999  # of the weights, at each step
    hold_out: float = HOLD_OUT
    seed: int = 0
    views: int = 1  # of each face; the model answers with their mean, see networks.with_views
    precision: str = PRECISIONS[0]  # of the computation; the weights are float32 in any case
    limit: int = 0  # how many pictures of each split are used; 0: all of them
    light: int = 0  # 1: every face is brought to one level of light first (preprocessing.LIGHT)

    @property
    def level(self) -> Light | None:
        """The light to which every face is brought first."""
        return LIGHT if self.light else None

    @property
    def needs(self) -> tuple[str, ...]:
        """The recipes of the networks that must be made before this one."""
        return tuple(filter(None, (self.start, self.teacher)))


# In the order in which they can be trained: a teacher stands before the networks that it teaches.
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
    # A larger network, the teacher of the small ones.
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
    # The last epochs include int8's rounding while the learning rate is still high enough to adapt
    # to it.
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
    # A small network cannot afford to learn faces that never occur, so it is augmented less here.
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
# These get files; the others only help to make them.
MADE = ("sequential_cnn", "mini_xception", "emotion", "gender")

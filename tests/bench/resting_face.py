"""Faces at rest that look angry, taught: the figures of docs/teaching.md.

    python tests/bench/resting_face.py ../shared/data/people.zip ../shared/data/fer2013.zip

The ten people at the even places of people.zip have faces that look neutral at rest. Here all faces
of each of them are moved, before the network's last layer, by so many times the way from
FER-2013's neutral faces to its angry ones, as if a brow hung low; the network's answers move along,
because its last layer is a plain sum. Then they are taught: a minute at rest, or a whole lesson.
"""

import sys
from pathlib import Path

import numpy as np

from appliance.records import EMOTIONS, Emotion
from appliance.settings import FaceSettings
from appliance.vision.cards import MODELS, read_card
from appliance.vision.people import LEAST_FIT, Profile, evidence_of
from appliance.vision.preprocessing import to_input
from convert import data, detect, people, teaching

MODEL = MODELS / "emotion_int8_single.tflite"
TIMES = (0.0, 1.5, 2.0)
ANGRY, NEUTRAL = EMOTIONS.index(Emotion.ANGRY), EMOTIONS.index(Emotion.NEUTRAL)
REST_EXAMPLES = 3.0
EXAMPLES, SEEDS, EVERY = 2, range(1, 6), 9


def last_layer(path, card, network):
    """The way from neutral to angry faces, (72,), and by head its weights and biases, (73, 7)."""
    faces = data.select_split(data.load_emotions(path), "Training")
    means, logits = [], {head.name: [] for head in card.heads.values()}
    for image in faces.images[::EVERY]:
        outputs = network.run(to_input(image, card.size_px, card.light))
        means.append(outputs[card.inside.index].reshape(-1, 72).mean(axis=0))
        for head in card.heads.values():
            logits[head.name].append(outputs[head.index][0])
    means, labels = np.array(means), faces.labels[::EVERY]
    way = means[labels == ANGRY].mean(axis=0) - means[labels == NEUTRAL].mean(axis=0)
    known = np.c_[means, np.ones(len(means))]
    return way, {
        name: np.linalg.lstsq(known, np.array(of), rcond=None)[0] for name, of in logits.items()
    }


def moved(seen, times, way, weights, card):
    """A face whose every expression looks more angry."""
    means = np.maximum(seen.numbers**2 + times * way, 0.0)
    shares = []
    for name, of in weights.items():
        powers = np.exp(np.append(means, 1.0) @ of / card.heads[name].temperature)
        shares.append(powers / powers.sum())
    evidence = evidence_of(np.mean(shares, axis=0), card.priors.evened())
    return teaching.Seen(evidence, np.float32(np.sqrt(means)))


def profile_of(space, pictures, seen, drawn, rest):
    profile = Profile(space)
    neutral = [seen[p].numbers for p in drawn.examples if pictures[p].label == NEUTRAL]
    if rest:
        resting = np.mean(neutral, axis=0) if neutral else None
        return (
            profile
            if resting is None
            else profile.with_example("", Emotion.NEUTRAL, resting, REST_EXAMPLES)
        )
    for place in drawn.examples:
        emotion = EMOTIONS[pictures[place].label]
        profile = profile.with_example("", emotion, seen[place].numbers)
    return profile


def right(space, pictures, seen, how):
    """Shares of neutral and of angry pictures that are read rightly."""
    hits = {NEUTRAL: [], ANGRY: []}
    for seed in SEEDS:
        for drawn in teaching.draw(pictures, EXAMPLES, seed, None):
            profile = profile_of(space, pictures, seen, drawn, how == "rest")
            fit = np.mean([profile.fits(seen[place].numbers) for place in drawn.tests[:5]])
            for place in drawn.tests:
                if (label := pictures[place].label) in hits:
                    found, alone = seen[place], how == "untaught" or fit <= LEAST_FIT
                    logs = found.evidence if alone else profile.logs(found.numbers, found.evidence)
                    hits[label].append(int(logs.argmax()) == label)
    return [f"{np.mean(hits[label]):.0%}" for label in (NEUTRAL, ANGRY)]


def main():
    rules, card = FaceSettings(), read_card(MODEL, "emotion")
    find = detect.finder("blazeface", rules.min_score, rules.min_height_px)
    eyes, space = teaching.eyes_of_the_running(MODEL, find)
    way, weights = last_layer(Path(sys.argv[2]), card, card.network())
    pictures = people.load_people(Path(sys.argv[1]), "even")
    plain = eyes.see_all(pictures)
    for times in TIMES:
        seen = [moved(each, times, way, weights, card) for each in plain]
        resting = [
            s.evidence.argmax() for s, p in zip(seen, pictures, strict=True) if p.label == NEUTRAL
        ]
        print(f"{times:g} times: at rest taken for angry {np.mean(np.array(resting) == ANGRY):.0%}")
        for how in ("untaught", "rest", "lesson"):
            print(f"  {how:9}neutral and angry right:", *right(space, pictures, seen, how))


if __name__ == "__main__":
    main()

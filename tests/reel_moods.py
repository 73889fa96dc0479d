#!/usr/bin/env python3
"""What the whole loop makes of one round of the demo reel, as JSON, without waiting.

tests/arm64.sh runs it on two kinds of processor and compares the output. Detector, networks, mood
filter and policy are real; the clock and the player, which plays what it is told, are simulated.
"""

import json
import platform
import sys
from dataclasses import replace

from appliance.build import build_classifier, build_faces
from appliance.camera import reel
from appliance.decide.mood import HmmMoodFilter
from appliance.decide.policy import MusicPolicy
from appliance.loop import Loop
from appliance.protocols import Devices
from appliance.records import Frame, Play, Playback
from appliance.settings import EmotionSettings, MusicSettings, Settings
from appliance.vision.interpreter import runtime_name

FRAMES_PER_SECOND = 5.0


class Player:
    """Plays for ever what was asked for last."""

    def __init__(self):
        self.emotion = self.began = None

    def playback(self, time_s):
        state = "play" if self.emotion else "stop"
        began, self.began = self.began, None
        return Playback(state, "", self.emotion, None, 0, began=began)

    def may_be_back(self):
        return False

    def carry_out(self, decision, time_s):
        self.emotion = decision.emotion
        self.began = Play("a song", "a.opus", decision.emotion, "", decision.reason)
        return self.began

    def adjust(self, adjustment, time_s):
        pass


class Nothing:
    """A history that nobody keeps."""

    def __getattr__(self, name):
        return lambda *arguments: None


def main():
    settings = replace(
        Settings(),
        music=MusicSettings(change="now"),
        emotion=EmotionSettings(precision=sys.argv[1] if sys.argv[1:] else "int8"),
    )
    classifier = build_classifier(settings)
    loop = Loop(
        Devices(
            camera=Nothing(),
            faces=build_faces(settings),
            classifier=classifier,
            mood=HmmMoodFilter(settings.mood, classifier.priors),
            policy=MusicPolicy(settings),
            player=Player(),
            store=Nothing(),
        )
    )
    told, last = [], None
    for number in range(round(reel.LENGTH_S * FRAMES_PER_SECOND)):
        time_s = number / FRAMES_PER_SECOND
        step = loop.step(Frame(time_s, time_s, reel.frame_at(time_s)))
        now = step.mood.state, step.mood.emotion
        if now != last or step.play:
            last = now
            told.append(
                {
                    "time_s": time_s,
                    "mood": step.mood.emotion or step.mood.state,
                    "probability": round(step.mood.probability, 3),
                    "plays": step.play.emotion if step.play else None,
                }
            )
    print(json.dumps({"machine": platform.machine(), "runtime": runtime_name(), "told": told}))  # noqa: T201


if __name__ == "__main__":
    main()

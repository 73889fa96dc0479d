"""`jukebox bench`: how fast it is here, row by row, compared with the published pipeline."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from appliance.bench.bench import bench
from appliance.commands.shared import add_json, count, print_json, seconds, settings_of
from appliance.config.loading import parse

PROFILES = Path(__file__).resolve().parents[1] / "bench" / "profiles"
TITLES = {
    "reference": "as published: Haar, two Keras networks",
    "reference_tflite": "its networks in TFLite",
    "small_detector": "with the small detector",
    "every_frame": "the jukebox, detecting in every frame",
    "steady_state": "the jukebox, following, and gender",
}


def add_options(verb: argparse.ArgumentParser) -> None:
    """Adds what to measure, and --json."""
    verb.add_argument(
        "--profile",
        choices=["auto", "i5", "pi"],
        default="auto",
        help="settings of appliance/bench/profiles/NAME.toml; auto: those in force",
    )
    verb.add_argument("--camera", metavar="SOURCE", help="its frames, instead of the demo reel's")
    verb.add_argument("--frames", type=count, default=1200, help="so many frames (default: 1200)")
    verb.add_argument("--daemon", type=seconds, default=10.0, metavar="SECONDS",
                       help="how long to watch the whole daemon (default: 10)")  # fmt: skip
    add_json(verb)


def run(chosen: argparse.Namespace) -> int:
    """Measures and prints the table. Raises JukeboxError."""
    settings = settings_of(chosen)
    if chosen.profile != "auto":
        profile = PROFILES / f"{chosen.profile}.toml"
        settings = parse(profile.read_bytes(), str(profile))
    result = {"profile": chosen.profile} | bench(
        settings, chosen.frames, chosen.camera, daemon_s=chosen.daemon, tell=_show_progress
    )
    if chosen.json:
        print_json(result)
    else:
        print("\n".join(table(result)))
    return 0


def _show_progress(step: str) -> None:
    if sys.stderr.isatty():
        print(f"measuring: {step}", file=sys.stderr)


def table(result: dict[str, Any]) -> list[str]:
    """The lines for people. result: as bench() returns it, with the name of the profile."""
    machine = result["machine"]
    lines = [
        f"{machine['processor']} ({', '.join(machine['flags'])}), {machine['system']}, "
        f"Python {machine['python']}, {machine['runtime']}, OpenCV {machine['opencv']}, "
        f"one thread; {result['frames']}",
        f"{'milliseconds a frame':40}{'p50':>9}{'p95':>9}{'p99':>9}{'mean':>9}{'ratio':>8}",
    ]
    lines += [_line(TITLES[name], result[name]) for name in TITLES if name in result]
    lines += [_line(f"  of it {name}", times) for name, times in result["stages"].items()]
    ratios, daemon = result["sequential_to_box"], result["daemon"]
    return [
        *lines,
        f"sustained: {result['frames_per_second_sustained']} frames a second; reading them at the "
        f"set rate takes {result['core_percent_of_looking']:.2f} % of a core",
        f"sequential CNN (float32) to the jukebox's (int8): {ratios['box_int8_to_float32']}; "
        f"both float32 {ratios['both_float32']}, both int8 {ratios['both_int8']}; paper 1.5",
        f"the daemon at {daemon['looks_per_second']:g} frames a second: "
        f"{daemon['core_percent']} % of a core, {daemon['beyond_capture_percent']} % without the "
        f"camera; {daemon['memory_mb']} MB; first face read after {daemon['first_look_s']} s, "
        f"first mood after {daemon['first_mood_s']} s",
    ]


def _line(title: str, times: dict[str, Any]) -> str:
    numbers = "".join(f"{times[f'{name}_ms']:9.3f}" for name in ("p50", "p95", "p99", "mean"))
    ratio = times.get("ratio_to_reference")
    return f"{title:40}{numbers}{f'{ratio:.0f}' if ratio else '':>8}"

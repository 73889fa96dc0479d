"""What convert.evaluate found, for people."""

from __future__ import annotations

from typing import Any

from convert.markdown import words


def for_people(result: dict[str, Any]) -> str:
    """The figures of any task as a few lines. result: as convert.evaluate --json writes it."""
    tell = {"detect": _detection, "people": _people}.get(result["task"], _classification)
    return "\n".join(tell(result))


def _classification(result: dict[str, Any]) -> list[str]:
    emotion = result["task"] == "emotion"
    lines = [
        f"{result['model']}, head {result['head']}, {result['split']} ({result['count']} faces):",
        *([f"labels: {result['labels']}; views: {result['views']}"] if emotion else []),
        f"accuracy {_share(result)}, calibration error {result['ece']:.3f}",
        *([f"balanced accuracy {result['balanced_accuracy']:.1%}"] if emotion else []),
        f"{'':10}precision  recall     F1   faces",
    ]
    for name, found in result["per_class"].items():
        shares = f"{found['precision']:9.1%}{found['recall']:8.1%}{found['f1']:7.1%}"
        lines.append(f"{name:10}{shares}{found['count']:8}")
    return lines + (_groups(result) if "groups" in result else [])


def _people(result: dict[str, Any]) -> list[str]:
    if "teach" in result:
        return _taught(result)
    lines = [f"{result['model']}, head {result['head']}, {result['split']}:"]
    lines.append(f"{'':12}accuracy  balanced  pictures  found")
    everybody = result["people"] | {"all": result}
    for name, found in everybody.items():
        shares = f"{found['accuracy']:8.1%}{found['balanced_accuracy']:10.1%}"
        lines.append(f"{name:12}{shares}{found['count']:10}{found['found']:7}")
    return lines


def _taught(result: dict[str, Any]) -> list[str]:
    lines = [
        f"{result['model']}, {result['split']}, {result['teach']} examples of each emotion"
        f" (seed {result['seed']}), {result['bad']} bad ones:",
        f"{'':12}accuracy  balanced    taught  balanced  pictures  profile applied",
    ]
    for name, found in (("people", result), ("guests", result["guests"])):
        if found:
            shares = [
                found[f"{key}{how}"]
                for how in ("", "_taught")
                for key in ("accuracy", "balanced_accuracy")
            ]
            told = "".join(f"{share:10.1%}" for share in shares)
            lines.append(f"{name:10}{told}{found['count']:10}{found['profile_applied']:17.1%}")
    return lines


def _groups(result: dict[str, Any]) -> list[str]:
    lines = []
    if result["count_without_0_5"]:
        without = {key: result[f"{key}_without_0_5"] for key in ("accuracy", "interval95")}
        lines.append(f"without ages 0-5: accuracy {_share(without)}")
    for kind, groups in result["groups"].items():
        for name, group in groups.items():
            lines.append(f"{words(kind)} {name:8}{group['count']:6} faces: {_share(group)}")
    gaps = [gap for gap in ("race_gap", "race_gap_without_0_5") if result[gap] is not None]
    return lines + [f"{words(gap)}, best to worst: {100 * result[gap]:.1f} points" for gap in gaps]


def _detection(result: dict[str, Any]) -> list[str]:
    lines = [f"{result['model']}, {result['photos']} photos:"]
    for least, share in result["recall"].items():
        found = {"accuracy": share, "interval95": result["recall_interval95"][least]}
        lines.append(f"faces from {least} px: {result['faces'][least]}, found {_share(found)}")
    if "false_alarms" in result:
        lines.append(
            f"false alarms: {result['false_alarms']} in {result['negatives']} photos without "
            f"people, {result['false_alarms_per_picture']:.3f} a picture"
        )
    return lines


def _share(result: dict[str, Any]) -> str:
    low, high = result["interval95"]
    return f"{result['accuracy']:.1%} ({low:.1%} to {high:.1%})"

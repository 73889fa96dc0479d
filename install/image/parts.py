"""What a system consists of, in CycloneDX 1.6: python3 install/image/parts.py ROOT.

Lists Debian's packages and those of Python. Two runs on the same system give the same text.
SOURCE_DATE_EPOCH is the time in it.
"""

import json
import os
import sys
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from email.parser import HeaderParser
from pathlib import Path
from typing import Any
from urllib.parse import quote

Part = dict[str, Any]


def debian_parts(root: Path) -> Iterator[Part]:
    """The packages that dpkg knows as installed."""
    for paragraph in (root / "var/lib/dpkg/status").read_text().split("\n\n"):
        package = HeaderParser().parsestr(paragraph)
        if "installed" in package.get("Status", "").split()[-1:]:
            name, version = package["Package"], package["Version"]
            place = f"pkg:deb/debian/{quote(name)}@{quote(version)}?arch={package['Architecture']}"
            yield _part(name, version, place)


def python_parts(root: Path) -> Iterator[Part]:
    """The Python packages of the jukebox."""
    for file in sorted(root.glob("opt/jukebox/releases/*/**/*.dist-info/METADATA")):
        package = HeaderParser().parsestr(file.read_text())
        name, version = package["Name"], package["Version"]
        part = _part(name, version, f"pkg:pypi/{name.lower().replace('_', '-')}@{quote(version)}")
        licence = package["License-Expression"]
        yield part | ({"licenses": [{"expression": licence}]} if licence else {})


def listed(root: Path) -> Part:
    """The whole list."""
    parts = {part["bom-ref"]: part for part in (*debian_parts(root), *python_parts(root))}
    made = datetime.fromtimestamp(int(os.environ.get("SOURCE_DATE_EPOCH", "0")), UTC)
    components = [parts[ref] for ref in sorted(parts)]
    number = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps([made.isoformat(), components]))
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{number}",
        "version": 1,
        "metadata": {
            "timestamp": made.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "component": {"type": "operating-system", "name": "emotional-jukebox-image"},
        },
        "components": components,
    }


def _part(name: str, version: str, place: str) -> Part:
    return {"type": "library", "name": name, "version": version, "purl": place, "bom-ref": place}


if __name__ == "__main__":
    json.dump(listed(Path(sys.argv[1])), sys.stdout, indent=1)

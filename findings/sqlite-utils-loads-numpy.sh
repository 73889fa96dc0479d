#!/usr/bin/env bash
# Software:  sqlite-utils 4.2.1 from PyPI, beside NumPy 1.26.4, on CPython 3.11 (x86-64, Debian 12).
# Behaviour: `import sqlite_utils` also imports NumPy wherever NumPy is installed, and the command line
#            toolkit click, although neither is used to read or write a row. Without NumPy in the
#            environment it does not miss it.
# Seen:      with NumPy:    numpy True   click True
#            without NumPy: numpy False  click True
# Expected:  a layer over the standard library's sqlite3 that loads what it uses: NumPy's integers need
#            an adapter only in a process that has loaded NumPy itself.
# Matters:   a short command that reads a few rows pays for it: in the jukebox's environment importing
#            sqlite-utils took 370 ms and sqlite3 5 ms. `jukebox history` and `status` therefore read
#            through sqlite3 (appliance/history/files.py); tests/test_cli.py keeps it so.
# Run first, outside CI: findings/sqlite-utils-loads-numpy.sh; it fails if the behaviour changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

modules() { # modules NAME PACKAGE...: what importing sqlite_utils loads in a fresh environment
    python3 -m venv "$folder/$1"
    "$folder/$1/bin/python" -m pip install --quiet --disable-pip-version-check "${@:2}" 2>/dev/null
    "$folder/$1/bin/python" - <<'PYTHON'
import sys
import sqlite_utils

db = sqlite_utils.Database(memory=True, execute_plugins=False)
db["songs"].insert({"title": "Slow Ferry"})
assert list(db["songs"].rows) == [{"title": "Slow Ferry"}]
print("numpy", "numpy" in sys.modules, "click", "click" in sys.modules)
PYTHON
}

with=$(modules with sqlite-utils==4.2.1 numpy==1.26.4)
without=$(modules without sqlite-utils==4.2.1)
printf 'with NumPy:    %s\nwithout NumPy: %s\n' "$with" "$without"
[[ $with == "numpy True click True" && $without == "numpy False click True" ]]

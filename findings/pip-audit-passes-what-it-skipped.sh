#!/usr/bin/env bash
# Software:  pip-audit 2.10.1 from PyPI, CPython 3.11.
# Behaviour: where it can ask about none of the packages, it prints "No known vulnerabilities found" and
#            ends with 0; a table of what was skipped comes afterwards. Only --strict fails.
# Seen:      a package that no index has: passed without --strict, failed with it
# Expected:  a failure, or no verdict, if nothing was examined.
# Matters:   behind a mirror without PyPI's advisories each package is skipped, and a release would be
#            called clean (locks/vulnerabilities.sh uses --strict).
# Run first, outside CI: findings/pip-audit-passes-what-it-skipped.sh; it fails if the behaviour changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check pip-audit==2.10.1 2>/dev/null
echo "emotional-jukebox-of-nobody==1.0" >"$folder/requirements.txt"

audit() { # audit OPTION...
    "$folder/venv/bin/pip-audit" --disable-pip --no-deps --progress-spinner off -r "$folder/requirements.txt" "$@" 2>&1
}
told=$(audit) || { echo "without --strict it failed: $told" >&2; exit 1; }
grep -q "No known vulnerabilities found" <<<"$told" || { echo "it said: $told" >&2; exit 1; }
! audit --strict >/dev/null || { echo "with --strict it passed" >&2; exit 1; }
echo "a package that no index has: passed without --strict, failed with it"

#!/usr/bin/env bash
# Known vulnerabilities of the locked packages: locks/vulnerabilities.sh [LOCK]. Asks PyPI's advisories, so
# it needs a network. Ends with 1 if there are any. Not in CI, which must not fail because of news.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."

version=2.10.1 # of pip-audit
audit=run/audit
if [[ "$($audit/bin/pip-audit --version 2>/dev/null)" != "pip-audit $version" ]]; then
    python3 -m venv --clear $audit
    $audit/bin/python -m pip install --quiet --disable-pip-version-check "pip-audit==$version"
fi
for lock in "${@:-locks/box.txt}"; do
    echo "$lock:" >&2
    # Without --strict it finds "no known vulnerabilities" of packages that nobody could be asked about.
    $audit/bin/pip-audit --strict --disable-pip --require-hashes --progress-spinner off -r "$lock"
done

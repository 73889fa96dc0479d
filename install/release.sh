# shellcheck shell=bash
# Sourced by box.sh: releases side by side, the switch from one to the next, and the way back.
# shellcheck disable=SC2154 # opt, cache and command are set in box.sh

deadline_s=${JUKEBOX_DEADLINE_S:-120} # for a new release to become healthy; a slow SD card needs 30
steady_s=${JUKEBOX_STEADY_S:-10}      # and to stay healthy
wheels=$cache/wheels

# What decides whether this version differs from the present one.
contents=(appliance models music systemd install/{jukebox.sh,manual.py,mpd_health.py,mpd_prepare.py}
    docs/install.md pyproject.toml)
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
        [[ "$(made_from "$opt/releases/$new")" == "$wanted" ]] || continue
        if is_whole "$opt/releases/$new"; then
            say "- release $new: this version, there already"
            return
        fi
        say "- release $new: this version, but damaged: $(damage "$opt/releases/$new")"
        break
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
    # pip would compile them in a folder with a name by chance, which compiled Python remembers.
    "${pip[@]}" install --no-compile --no-deps --no-index --find-links "$folder/env/build" --target "$folder" .
    same_times "$folder/appliance"
    "$folder/env/bin/python" -m compileall -q --invalidation-mode timestamp "$folder/appliance"
    cp -r systemd "$folder/"
    install -m 644 -D -t "$folder/docs" docs/install.md
    install -m 755 -D -t "$folder/install" install/jukebox.sh
    install -m 644 -D -t "$folder/install" install/mpd_{health,prepare}.py
    install -m 644 -D -t "$folder/models" models/*.json models/*.tflite
    PYTHONDONTWRITEBYTECODE=1 "$folder/env/bin/python" install/manual.py "$folder/share"
    ln -s "$state/music" "$folder/music" # for `jukebox demo`
    write_manifest "$folder"
    sync -f "$folder" # a plug pulled now must not leave a release that only looks complete
    printf '%s\n' "$2" >"$folder/made-from"
}

# What each file of a release held when it was made. A worn SD card gives other bytes back, without a
# word; `jukebox check` and the next installation compare.
write_manifest() { # write_manifest RELEASE_FOLDER
    (cd "$1" && find . -type f ! -path ./manifest ! -path ./made-from -print0 | LC_ALL=C sort --zero-terminated |
        xargs -0 sha256sum >manifest)
}

# The first file that is missing or differs; nothing if all are as they were.
damage() { # damage RELEASE_FOLDER
    if [[ ! -s $1/manifest ]]; then
        echo "it has no manifest"
        return
    fi
    (cd "$1" && sha256sum --check --quiet --strict manifest 2>/dev/null | sed 1q)
}

is_whole() { [[ -z "$(damage "$1")" ]]; }

# With the same lock files, a release has the environment of the one before, hard-linked: an update
# then writes 11 MB to the SD card, not 269 (du). A damaged one is made anew: linked, its damage would
# be in both.
make_environment() { # make_environment FOLDER; sets pip
    local wanted options=() before=$opt/current/env
    wanted=$(fingerprint "${environment_from[@]}")
    ! has_picamera2 || options=(--system-site-packages)
    # Otherwise pip, and the pip that it starts for building, would leave 6 MB of compiled Python behind.
    pip=(env PYTHONDONTWRITEBYTECODE=1 "$1/bin/python" -m pip --quiet --disable-pip-version-check --no-input --no-cache-dir)
    if [[ "$(made_from "$before")" == "$wanted" && -d $before/build ]] && is_whole "$opt/current"; then
        cp -al "$(readlink -f "$before")" "$1"
        return
    fi
    "$python" -m venv "${options[@]}" "$1"
    fetch_wheels "$wanted"
    if ! install_wheels; then
        say "  a downloaded package is damaged; downloading them again ..."
        rm -rf "$wheels"
        fetch_wheels "$wanted"
        install_wheels
    fi
    # What the jukebox itself is built with, for where the downloads are gone, as in an image.
    "${pip[@]}" download --no-deps --no-index --find-links "$wheels" --dest "$1/build" -r locks/build.txt
    "${pip[@]}" uninstall --yes setuptools 2>/dev/null # Python 3.11's venv has it, nobody needs it
    same_times "$1"
    compile_what_is_used "$1"
    printf '%s\n' "$wanted" >"$1/made-from"
}

install_wheels() {
    "${pip[@]}" install --no-compile --no-index --find-links "$wheels" --require-hashes -r locks/box.txt
}

# Compiled Python names the time of its source, which must be the same in two images of one commit.
same_times() { # same_times FOLDER
    [[ -z ${SOURCE_DATE_EPOCH-} ]] || find "$1" -exec touch --no-dereference --date "@$SOURCE_DATE_EPOCH" {} +
}

# The service may not write beside the packages, so every start would compile again what it loads. pip
# would compile everything, which takes 33 MB more.
compile_what_is_used() { # compile_what_is_used ENVIRONMENT
    env -u PYTHONDONTWRITEBYTECODE "$1/bin/python" - <<'PYTHON'
import ai_edge_litert.interpreter, cv2, mpd, numpy.typing, sqlite_utils
import anyio._backends._asyncio, jinja2, segno, starlette.applications, uvicorn.lifespan.off
import paho.mqtt.client, uvicorn.protocols.http.h11_impl, yt_dlp
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
        has_room_in_run || fail "/run is full, and systemd needs $run_kb kB there; make room and run this again"
        { [[ -z $2 ]] || copy_history; } >"$opt/trial-copy" || {
            rm -f "$opt/trial-copy"
            fail "the history could not be copied (see above), so release $1 is not tried"
        }
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
    ! systemd_runs || systemctl try-restart jukebox-{resolver,web,admin,home,sound}.service
}

# systemd reads its units anew only with 16 MB free there (measured with 252).
run_kb=24576
has_room_in_run() { (($(df --output=avail -k /run | sed 1d) >= run_kb)); }

# The new release may have changed the history to a schema that the old one cannot write.
put_history_back() {
    local copy
    copy=$(cat "$opt/trial-copy" 2>/dev/null)
    [[ -z $copy ]] || "$command" backup --put-back "$copy" || say "the history could not be put back"
    rm -f "$opt/trial-copy"
}

# Whatever fails on this way, the next step is tried, and something is started at the end.
go_back() { # go_back NEW OLD
    trap '' INT TERM
    set +e
    remove_trial
    if [[ -z $2 ]]; then
        rm -rf "$opt/releases/$1"
        rm -f "$opt/trial-copy"
        say "setup.sh: there is no release to go back to; correct what is wrong and run this again"
        return
    fi
    put_history_back
    if systemctl show --property=ExecStart jukebox.service | grep -q "$opt/releases/$1/"; then
        stand_in "$1" "$2"
    else
        rm -rf "$opt/releases/$1"
    fi
    if becomes_healthy; then
        say "setup.sh: back to release $2, which runs; settings, playlists and history are kept"
    else
        say "setup.sh: back to release $2, which is not healthy either; see: journalctl -u jukebox"
    fi
}

# systemd, which could not read its units anew, still starts the release that was tried: put the old
# one in its place.
stand_in() { # stand_in NEW OLD
    say "setup.sh: systemd cannot read its units (is /run full?), so release $2 stands in for $1"
    rm -rf "$opt/releases/$1"
    ln -s "$2" "$opt/releases/$1"
}

release_stands_in() { [[ -n "$(find "$opt/releases" -maxdepth 1 -type l 2>/dev/null)" ]]; }

end_stand_in() {
    if systemd_runs; then
        systemctl daemon-reload
        systemctl restart jukebox.service
    fi
    find "$opt/releases" -maxdepth 1 -type l -delete
}

begin_trial() { # begin_trial RELEASE
    mkdir -p "$trial" /run/jukebox-links # the jukebox sees such a folder only if it is there when it starts
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

# Prints the path of the copy; nothing if there is no history yet. With Debian's Python, because the
# present release may be what is damaged. `jukebox forget` reaches the copy, too, as all in backups/.
copy_history() {
    local database copy
    database=$(history_file) || return 1
    [[ -e $database ]] || return 0
    copy=${database%/*}/backups/before-update.db
    as_jukebox mkdir -p -m 700 "${copy%/*}" || return 1
    as_jukebox /usr/bin/python3 -I - "$database" "$copy" <<'PYTHON' || return 1
import os, sqlite3, sys
database, copy = sys.argv[1:]
part = f"{copy}.part"
if os.path.exists(part):
    os.unlink(part)
os.umask(0o077)
source, target = sqlite3.connect(database, timeout=30), sqlite3.connect(part)
source.backup(target)
target.execute("PRAGMA journal_mode = DELETE").fetchone()
if target.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
    sys.exit(f"{database} is damaged; after sudo systemctl restart jukebox it is set aside in a minute")
target.close()
os.replace(part, copy)
PYTHON
    echo "$copy"
}

# Where the jukebox keeps its history. The settings say so; a release that cannot read them any more is
# being replaced, and then it is the usual place.
history_file() {
    local set
    set=$("$command" config --json 2>/dev/null |
        /usr/bin/python3 -I -c 'import json, sys; print(json.load(sys.stdin)["store"]["path"])' 2>/dev/null) || set=""
    echo "${set:-$state/jukebox.db}"
}

as_jukebox() { setpriv --reuid=jukebox --regid=jukebox --init-groups "$@"; }

# A release that cannot start with these settings is not even tried.
try_settings() { # try_settings RELEASE
    local status=0
    PYTHONPATH=$opt/releases/$1 as_jukebox "$opt/releases/$1/bin/jukebox" config >/dev/null || status=$?
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

# shellcheck shell=bash
# Sourced by setup.sh: install and uninstall, to be read from top to bottom. Everything that changes the
# machine goes through step(), so that --dry-run does the same steps and changes nothing.
# docs/install.md shows what the installed jukebox looks like.

opt=/opt/jukebox # releases/N, and current, which points to one of them
etc=/etc/jukebox
state=/var/lib/jukebox
cache=/var/cache/jukebox
units=/etc/systemd/system
command=/usr/local/bin/jukebox
lock=/run/jukebox-setup.lock
dry_run=no

# shellcheck source=install/machine.sh
source install/machine.sh
# shellcheck source=install/release.sh
source install/release.sh

install_box() {
    case "${1-}" in
        --dry-run) dry_run=yes ;;
        "") become_root install ;;
        *) fail "install: $1 is not an option; there is --dry-run" ;;
    esac
    umask 022
    command -v systemctl >/dev/null || fail "there is no systemd on this machine, and the jukebox needs it"
    one_at_a_time
    install_packages
    step_unless "the user jukebox" user_is_there "make" make_user
    ! release_stands_in || step "end the stand-in for a release that failed" end_stand_in
    ! trial_was_cut_off || step "end a trial that was cut off" end_trial
    find_or_make_release # sets new and old
    put_music
    put_config
    # An update changes MPD only after it has proved itself; a first jukebox needs music at once.
    [[ -n $old ]] || put_mpd
    if [[ $new == "$old" ]]; then
        step "enable and start what does not run" put_units "$opt/current"
    else
        step "switch from release ${old:-none} to $new, and back unless it is healthy within $deadline_s s" \
            switch_to "$new" "$old"
    fi
    [[ -z $old ]] || put_mpd
    step "remove releases older than the last two" remove_old_releases
    [[ $dry_run == yes ]] || tell_how_it_is
}

uninstall_box() {
    local purge=no
    case "${1-}" in
        --purge) purge=yes ;;
        "") ;;
        *) fail "uninstall: $1 is not an option; there is --purge" ;;
    esac
    become_root uninstall "$@"
    one_at_a_time
    step "remove what MQTT brokers keep of the jukebox" leave_the_home
    step "stop the jukebox and remove its units" remove_units
    step "give MPD back" give_mpd_back
    step "remove $opt, $cache and $command" rm -rf "$opt" "$cache" "$command"
    if [[ $purge == yes ]]; then
        step "remove the stored playlists that nobody has edited" remove_own_playlists
        step "remove $etc and $state: settings, history and music" rm -rf "$etc" "$state"
        step "remove the list of paired devices" rm -rf "$state-web" /var/lib/private/jukebox-{web,home,sound} "$state"-{home,sound}
        step "remove the user jukebox" remove_user
        say "Debian packages stay; if nothing else needs them: apt-get purge mpd avahi-daemon libnss-mdns alsa-utils"
    else
        say "$etc and $state stay; ./setup.sh uninstall --purge removes them too"
    fi
    rm -f "$lock"
}

step() { # step TEXT COMMAND...
    say "- $1"
    if [[ $dry_run == no ]]; then
        "${@:2}"
    fi
}

step_unless() { # step_unless WHAT IS_THERE VERB COMMAND...
    if "$2"; then
        say "- $1: there already"
    else
        step "$3 $1" "${@:4}"
    fi
}

put() { # put FILE PLACE [MODE [GROUP]]: completely or not at all, even if the plug is pulled
    install -D -m "${3:-644}" -g "${4:-root}" "$1" "$2.new"
    sync "$2.new"
    mv -T "$2.new" "$2"
}

become_root() {
    if [[ $EUID -ne 0 ]]; then
        command -v sudo >/dev/null || fail "this needs root, and there is no sudo"
        exec sudo --preserve-env=JUKEBOX_DEADLINE_S,JUKEBOX_STEADY_S,SOURCE_DATE_EPOCH,IMAGE_MIRROR ./setup.sh "$@"
    fi
}

one_at_a_time() {
    [[ $dry_run == no ]] || return 0
    # Root's alone: who may open it could hold it, and no installation would begin.
    (umask 077 && : >>"$lock") && chmod 600 "$lock"
    exec 9>>"$lock"
    flock --nonblock 9 || fail "another ./setup.sh install or uninstall is running; wait until it ends"
}

# False while an image is made in a chroot: units are then only enabled, and start with the machine.
systemd_runs() { [[ -d /run/systemd/system ]]; }

tell_how_it_is() {
    if ! systemd_runs; then
        say "The jukebox is installed and starts with the machine."
        return
    fi
    say "The jukebox runs: $(systemctl show --property=StatusText --value jukebox.service)"
    say "Settings: on the page, or in $etc/jukebox.toml, then: sudo systemctl reload jukebox"
    local port=:8080
    ! systemctl --quiet is-active jukebox-web-80.socket || port=""
    say "The page for phones and computers: http://$(hostname).local$port/; to let one in: sudo jukebox pair"
    say "What it sees and does: sudo jukebox status, sudo jukebox check, journalctl -u jukebox"
    if ! grep -qsw memory /sys/fs/cgroup/cgroup.controllers; then
        say "This kernel enforces no memory limits (a Raspberry Pi's default), so the jukebox may use more"
        say "memory than intended, and swap. To turn limits on, add cgroup_enable=memory to the line in"
        say "/boot/firmware/cmdline.txt, and restart the machine."
    fi
    local address
    address=$("$command" config --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["mpd"]["address"])')
    if [[ -n $address && $address != /* && ! -e $units/jukebox.service.d/other-mpd.conf ]]; then
        say "[mpd] address is $address, but the process that sees faces has no network. To open the way"
        say "to that MPD, and to read what protection this gives up: $opt/current/systemd/other-mpd.conf"
    fi
}

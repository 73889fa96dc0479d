# shellcheck shell=bash
# Sourced by box.sh: packages, user, music, settings, MPD and units of the machine.
# shellcheck disable=SC2154 # opt, etc, state and units are set in box.sh

is_pi() { grep -qs "Raspberry Pi" /proc/device-tree/model; }

install_packages() {
    # alsa-utils: its udev rule opens sound cards that nobody has set yet; the kernel leaves them muted.
    local packages=(python3 python3-venv mpd avahi-daemon alsa-utils) missing=() package
    if is_pi; then
        packages+=(python3-picamera2 python3-gpiozero python3-lgpio)
    fi
    for package in "${packages[@]}"; do
        is_installed "$package" || missing+=("$package")
    done
    if [[ ${#missing[@]} -eq 0 ]]; then
        say "- Debian packages: there already"
    else
        step "install Debian packages: ${missing[*]}" add_packages "${missing[@]}"
    fi
}

add_packages() {
    mkdir -p "$opt"
    [[ " $* " != *" mpd "* ]] || touch "$opt/mpd-is-ours" # uninstall stops it again
    need_packages "$@"
    # For the cards that are here already. What an owner has stored counts; an unknown one is opened.
    if [[ " $* " == *" alsa-utils "* ]] && systemd_runs; then
        systemctl start alsa-restore.service
    fi
}

user_is_there() { getent passwd jukebox >/dev/null; }

make_user() {
    useradd --system --user-group --no-create-home --home-dir "$state" \
        --shell /usr/sbin/nologin --comment "Emotional Jukebox" jukebox
    local group
    for group in video gpio; do # cameras; the pins of a Raspberry Pi
        ! getent group "$group" >/dev/null || usermod --append --groups "$group" jukebox
    done
}

remove_user() {
    ! user_is_there || userdel jukebox
    ! getent group jukebox >/dev/null || groupdel jukebox
}

# The starter music is the owner's from then on; a folder that is there is left as it is.
put_music() {
    local folder missing=()
    for folder in music/*/; do
        compgen -G "$folder*.opus" >/dev/null || continue
        [[ -e $state/$folder ]] || missing+=("$folder")
    done
    if [[ ${#missing[@]} -eq 0 ]]; then
        say "- music in $state/music: there already"
    else
        step "copy starter music to $state/music: $(basename -a "${missing[@]}" | paste -sd ' ')" \
            copy_music "${missing[@]}"
    fi
}

copy_music() {
    install -d -m 711 -o jukebox -g jukebox "$state"
    mkdir -p "$state/music"
    cp -r "$@" "$state/music/"
}

put_config() {
    step_unless "$etc/jukebox.toml" config_is_there "write" \
        install -D -m 640 -g jukebox jukebox.toml "$etc/jukebox.toml"
}

config_is_there() { [[ -e $etc/jukebox.toml ]]; }

# --- MPD -----------------------------------------------------------------------------------------

put_mpd() {
    if is_owners_mpd; then
        say "- MPD: you have set it up yourself, so it stays as it is; it needs the socket"
        say "  /run/mpd/socket, and the music of $state/music in folders of its own"
        return
    fi
    step_unless "$etc/mpd-own.conf" own_conf_is_there "write" \
        install -D -m 644 install/mpd-own.conf "$etc/mpd-own.conf"
    step_unless "MPD's settings" mpd_is_set "write" set_mpd
}

# Whether there was an MPD with a configuration or music of its owner's before the jukebox came.
is_owners_mpd() {
    if [[ -e $opt/mpd-is-ours || -e $units/mpd.service.d/jukebox.conf ]] || ! is_installed mpd; then
        return 1
    fi
    local shipped
    shipped=$(dpkg-query -W -f '${Conffiles}\n' mpd | awk '$1 == "/etc/mpd.conf" { print $2 }')
    [[ "$(md5sum </etc/mpd.conf | cut -d' ' -f1)" != "$shipped" ]] ||
        [[ -n "$(find /var/lib/mpd/music -mindepth 1 -print -quit 2>/dev/null)" ]]
}

own_conf_is_there() { [[ -e $etc/mpd-own.conf ]]; }

mpd_is_set() {
    cmp --silent install/mpd.conf "$etc/mpd.conf" &&
        cmp --silent systemd/mpd.conf "$units/mpd.service.d/jukebox.conf"
}

set_mpd() {
    install -D -m 644 install/mpd.conf "$etc/mpd.conf"
    install -D -m 644 systemd/mpd.conf "$units/mpd.service.d/jukebox.conf"
    # Its enabling would bring mpd.socket along, under which MPD passes over its own addresses.
    systemctl --quiet enable mpd.service
    systemctl --quiet disable mpd.socket
    if systemd_runs; then
        systemctl daemon-reload
        systemctl stop mpd.socket
        systemctl restart mpd.service || say "  MPD does not start: journalctl -u mpd says why"
        systemctl start avahi-daemon.service || say "  phones will not find MPD: journalctl -u avahi-daemon says why"
    fi
}

give_mpd_back() {
    [[ -e $units/mpd.service.d/jukebox.conf ]] || return 0
    local was_active=no
    ! systemd_runs || ! systemctl --quiet is-active mpd.service || was_active=yes
    ! systemd_runs || systemctl stop mpd.service # which writes its state: remove that afterwards
    rm -f "$units/mpd.service.d/jukebox.conf" /var/lib/mpd/jukebox.*
    rmdir --ignore-fail-on-non-empty "$units/mpd.service.d"
    ! systemd_runs || systemctl daemon-reload
    if [[ -e $opt/mpd-is-ours ]]; then
        systemctl --quiet disable mpd.service mpd.socket
    elif [[ $was_active == yes ]]; then
        systemctl start mpd.service
    fi
}

# --- units ---------------------------------------------------------------------------------------

# The timer before what it starts: so they can be stopped in this order.
our_units=(jukebox.service jukebox-resolver.service jukebox-backup.timer jukebox-backup.service)
started_units=("${our_units[@]:0:3}")

put_units() { # put_units RELEASE_FOLDER: those of that release, so that a switch back brings its own
    local unit version
    for unit in "${our_units[@]}"; do
        install -m 644 "$1/systemd/$unit" "$units/$unit"
    done
    version=$(systemctl --version | awk 'NR == 1 { print $2 }')
    if [[ ${version%%[!0-9]*} -ge 254 ]]; then
        install -D -m 644 "$1/systemd/back-off.conf" "$units/jukebox.service.d/back-off.conf"
    fi
    install -m 755 "$1/install/jukebox.sh" "$command"
    ! systemd_runs || systemctl daemon-reload
    systemctl --quiet enable "${started_units[@]}"
}

start_units() {
    put_units "$opt/current"
    ! systemd_runs || systemctl start "${started_units[@]}"
}

remove_units() {
    local unit
    for unit in "${our_units[@]}"; do
        [[ -e $units/$unit ]] || continue
        ! systemd_runs || systemctl stop "$unit"
        [[ $unit == jukebox-backup.service ]] || systemctl --quiet disable "$unit"
        rm -f "$units/$unit"
    done
    rm -rf "$units/jukebox.service.d" /run/jukebox /var/lib/systemd/timers/stamp-jukebox-backup.timer
    if systemd_runs; then
        systemctl daemon-reload
        systemctl reset-failed 'jukebox*' 2>/dev/null || true
    fi
}

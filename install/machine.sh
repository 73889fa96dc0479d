# shellcheck shell=bash
# Sourced by box.sh: packages, user, music, settings, MPD and units of the machine.
# shellcheck disable=SC2154 # opt, etc, state and units are set in box.sh

is_pi() { grep -qs "Raspberry Pi" /proc/device-tree/model; }

install_packages() {
    # alsa-utils: its udev rule unmutes sound cards that nobody has set yet; the kernel leaves them muted.
    # libnss-mdns: a broker's name that ends in .local, such as Home Assistant's, is found by avahi-daemon.
    local packages=(python3 python3-venv mpd avahi-daemon libnss-mdns alsa-utils) missing=() package
    ! sounds_in_rooms || packages+=(snapclient)
    ! leads_rooms || packages+=(snapserver)
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

# What [rooms] of the owner's settings says. A fresh machine has no Python yet that could read them.
rooms_say() { # rooms_say KEY: whether it is true
    awk -v key="$1" '
        /^[ \t]*\[/ { inside = $0 ~ /^[ \t]*\[[ \t]*rooms[ \t]*\]/ }
        inside && $0 ~ "^[ \t]*" key "[ \t]*=[ \t]*true[ \t\r]*(#.*)?$" { found = 1 }
        END { exit !found }' "$etc/jukebox.toml" 2>/dev/null
}

sounds_in_rooms() { rooms_say join && rooms_say sound; }

leads_rooms() { sounds_in_rooms && rooms_say leader; }

add_packages() {
    need_packages "$@"
    # For sound cards that are here already: an owner's stored levels count, an unknown card is unmuted.
    if [[ " $* " == *" alsa-utils "* ]] && systemd_runs; then
        systemctl start alsa-restore.service
    fi
}

# And not the account of somebody who had the name before.
user_is_ours() { [[ "$(getent passwd jukebox | cut -d: -f5)" == "Emotional Jukebox" ]]; }

users_groups() { # for cameras, for the pins of a Raspberry Pi, and for MPD's socket (install/mpd_prepare.py)
    getent group video gpio jukebox-control | cut -d: -f1
}

user_is_there() {
    getent passwd jukebox >/dev/null || return 1
    user_is_ours || fail "there is a user jukebox who is not this one's; rename that account and run this again"
    local group
    for group in jukebox-control jukebox-music jukebox-admin; do
        getent group "$group" >/dev/null || return 1
    done
    for group in $(users_groups); do
        [[ " $(id --name --groups jukebox) " == *" $group "* ]] || return 1
    done
}

make_user() {
    user_is_ours || useradd --system --user-group --no-create-home --home-dir "$state" \
        --shell /usr/sbin/nologin --comment "Emotional Jukebox" jukebox
    # Whose members may ask the running jukebox (systemd/jukebox-control.socket).
    getent group jukebox-control >/dev/null || groupadd --system jukebox-control
    usermod --append --groups "$(users_groups | paste -sd,)" jukebox
    # Whose members may put music into the moods' folders (systemd/jukebox-web.service).
    getent group jukebox-music >/dev/null || groupadd --system jukebox-music
    # And who may ask root's process: the page (systemd/jukebox-admin.socket).
    getent group jukebox-admin >/dev/null || groupadd --system jukebox-admin
}

remove_user() {
    user_is_ours || return 0
    userdel jukebox
    local group
    for group in jukebox jukebox-control jukebox-music jukebox-admin; do
        ! getent group "$group" >/dev/null || groupdel "$group"
    done
}

# From then on the starter music belongs to the owner: a folder that exists is left as it is.
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
    step_unless "folders into which the page may put music" music_is_open "open" open_music
}

copy_music() {
    install -d -m 711 -o jukebox -g jukebox "$state"
    mkdir -p "$state/music"
    local folder
    for folder in "$@"; do
        rm -rf "$state/music/.new" # left by a copy that was cut off
        cp -r "$folder" "$state/music/.new"
        sync -f "$state/music/.new"
        mv -T "$state/music/.new" "$state/$folder"
    done
}

# Those of root that are not open yet: the moods' and the one around them. A person's own stay as they are.
closed_music_folders() {
    local folder
    for folder in "$state"/music "$state"/music/*/; do
        [[ ! -L ${folder%/} && -d $folder ]] || continue
        case $(stat -c %U:%G:%a "$folder") in
            root:jukebox-music:3775) ;;
            root:root:* | root:jukebox-music:*) printf '%s\n' "$folder" ;;
        esac
    done
}

music_is_open() { [[ -d $state/music && -z "$(closed_music_folders)" ]]; }

open_music() {
    local folder
    while read -r folder; do
        chgrp jukebox-music "$folder"
        # 1: a member may add files, and remove none but its own. 2: so that new folders have the group.
        chmod 3775 "$folder"
    done < <(closed_music_folders)
}

put_config() {
    step_unless "$etc/home" home_folder_is_there "make" put_home_folder
    step_unless "$etc/jukebox.toml" config_is_there "write" put jukebox.toml "$etc/jukebox.toml" 640 jukebox
}

# With the owner's files for an MQTT broker (docs/home.md): systemd hands them to the home's service.
home_folder_is_there() { [[ "$(stat -c %U:%a "$etc/home" 2>/dev/null)" == root:700 ]]; }

put_home_folder() { install -d -m 700 "$etc/home"; }

# Where there never was a broker, there is nothing to do; and one that is away stops nobody.
leave_the_home() {
    systemd_runs && [[ -e /var/lib/private/jukebox-home/home.json && -x $command ]] || return 0
    systemctl stop jukebox-home.service
    "$command" home forget || say "  a broker still keeps what it was told: see above"
}

config_is_there() { [[ -e $etc/jukebox.toml ]]; }

# --- MPD -----------------------------------------------------------------------------------------

put_mpd() {
    if [[ $dry_run == yes ]] && is_installed mpd && [[ ! -r /etc/mpd.conf ]]; then
        say "- MPD: only root can read whether you have set it up yourself: sudo ./setup.sh install --dry-run"
        return
    fi
    if is_owners_mpd; then
        say "- MPD: you have set it up yourself, so it stays as it is. It needs the socket /run/mpd/socket,"
        say "  and in its music directory the folders of $state/music"
        return
    fi
    step_unless "$etc/mpd-own.conf" own_conf_is_there "write" put_own_conf
    step_unless "what the network may do to MPD, in $etc/mpd-own.conf," permissions_are_set "add" add_permissions
    rooms_conf_is_right || step "MPD's output for the rooms: $(leads_rooms || echo "none, ")as [rooms] says" put_rooms_conf
    step_unless "MPD's settings" mpd_is_set "write" set_mpd
}

# Whether an MPD with the owner's own configuration or music was there before the jukebox.
is_owners_mpd() {
    if [[ -e $units/mpd.service.d/jukebox.conf ]] || ! is_installed mpd; then
        return 1
    fi
    local shipped
    shipped=$(dpkg-query -W -f '${Conffiles}\n' mpd | awk '$1 == "/etc/mpd.conf" { print $2 }')
    [[ "$(md5sum </etc/mpd.conf | cut -d' ' -f1)" != "$shipped" ]] ||
        [[ -n "$(find /var/lib/mpd/music -mindepth 1 -print -quit 2>/dev/null)" ]]
}

# MPD's output for all rooms, on their leader alone.
rooms_conf_is_right() {
    if leads_rooms; then
        cmp --silent install/mpd-rooms.conf "$etc/mpd-rooms.conf"
    else
        [[ ! -e $etc/mpd-rooms.conf ]]
    fi
}

put_rooms_conf() {
    # A home that ends switches MPD's own outputs on again, while there still is the rooms' one.
    local home=inactive
    if systemd_runs; then
        home=$(systemctl is-active jukebox-home.service || true)
        [[ $home != active ]] || systemctl stop jukebox-home.service
    fi
    if leads_rooms; then
        put install/mpd-rooms.conf "$etc/mpd-rooms.conf"
    else
        rm -f "$etc/mpd-rooms.conf"
    fi
    ! mpd_is_set || set_mpd # it restarts MPD
    [[ $home != active ]] || systemctl start jukebox-home.service
}

own_conf_is_there() { [[ "$(stat -c %a "$etc/mpd-own.conf" 2>/dev/null)" == 600 ]]; }

# It may hold a password, so nobody but MPD reads it.
put_own_conf() {
    [[ -e $etc/mpd-own.conf ]] || put install/mpd-own.conf "$etc/mpd-own.conf" 600
    chown mpd: "$etc/mpd-own.conf"
    chmod 600 "$etc/mpd-own.conf"
}

permissions_are_set() { # also by an owner who wants others
    [[ ! -e $etc/mpd-own.conf ]] || grep -qsE '^\s*(default_permissions|password)\b' "$etc/mpd-own.conf"
}

# Without these lines anybody in the network may end MPD, with its command "kill".
add_permissions() {
    sed -n '/^# Who comes over/,/^local_permissions/p' install/mpd-own.conf >>"$etc/mpd-own.conf"
}

mpd_is_set() {
    cmp --silent install/mpd.conf "$etc/mpd.conf" &&
        cmp --silent systemd/mpd.conf "$units/mpd.service.d/jukebox.conf"
}

set_mpd() {
    if [[ ! -e $units/mpd.service.d/jukebox.conf ]]; then # for uninstall: two words
        { systemctl is-enabled mpd.service mpd.socket || true; } >"$opt/mpd-before"
    fi
    local before=""
    [[ ! -e $etc/mpd.conf ]] || before=$(<"$etc/mpd.conf")
    put install/mpd.conf "$etc/mpd.conf"
    put systemd/mpd.conf "$units/mpd.service.d/jukebox.conf"
    # Enabling it enables mpd.socket, too, with which MPD ignores the addresses in its settings.
    systemctl --quiet enable mpd.service
    systemctl --quiet disable mpd.socket
    if systemd_runs; then
        systemctl daemon-reload
        systemctl stop mpd.socket
        /usr/bin/python3 -I install/mpd_prepare.py || true # as its unit does, once there is a release
        systemctl restart mpd.service || mpd_as_before "$before"
        systemctl start avahi-daemon.service || say "  phones will not find MPD: journalctl -u avahi-daemon says why"
    fi
}

mpd_as_before() { # mpd_as_before SETTINGS: puts the former ones back, if there were any
    say "  MPD does not start with its new settings: journalctl -u mpd says why"
    [[ -n $1 ]] || return 0
    printf '%s\n' "$1" >"$etc/mpd.conf"
    if systemctl restart mpd.service; then
        say "  it runs with the former ones"
    else
        say "  nor does it start with the former ones; $etc/mpd-own.conf is your part of them"
    fi
}

give_mpd_back() {
    [[ -e $units/mpd.service.d/jukebox.conf ]] || return 0
    ! systemd_runs || systemctl stop mpd.service # it writes its state when it stops: remove that afterwards
    rm -f "$units/mpd.service.d/jukebox.conf" "$etc/mpd-rooms.conf" /var/lib/mpd/jukebox.*
    [[ ! -d /run/mpd ]] || { chown mpd:audio /run/mpd && chmod 755 /run/mpd; }
    rmdir --ignore-fail-on-non-empty "$units/mpd.service.d"
    ! systemd_runs || systemctl daemon-reload
    local before=(enabled disabled) # of service and socket
    [[ ! -s $opt/mpd-before ]] || mapfile -t before <"$opt/mpd-before"
    [[ ${before[0]} == enabled ]] || systemctl --quiet disable mpd.service
    systemctl --quiet disable mpd.socket
    [[ ${before[1]-} != enabled ]] || systemctl --quiet enable mpd.socket
    if systemd_runs && [[ ${before[0]} == enabled ]]; then
        systemctl start mpd.service
    fi
}

# With the code of this checkout: that of the installed release is gone by now.
remove_own_playlists() {
    local own
    own=$(PYTHONDONTWRITEBYTECODE=1 python3 -m appliance.cli own-playlists \
        "$state/jukebox.player.json" /var/lib/mpd/playlists)
    [[ -z $own ]] || xargs -d '\n' rm -f -- <<<"$own"
}

# --- units ---------------------------------------------------------------------------------------

put_units() { # put_units RELEASE_FOLDER: installs, enables and starts exactly those of that release
    local unit enabled=()
    for unit in "$1"/systemd/jukebox*.{socket,service,timer}; do # sockets before what they start
        put "$unit" "$units/${unit##*/}"
        ! grep -q '^\[Install\]' "$unit" || ! may_listen "$unit" || enabled+=("${unit##*/}")
    done
    for unit in "$units"/jukebox*.{service,socket,timer}; do
        [[ ! -e $unit || -e $1/systemd/${unit##*/} ]] || remove_unit "${unit##*/}"
    done
    put_back_off "$1" "$units"
    put "$1/install/jukebox.sh" "$command" 755
    put_manual "$1/share"
    systemctl --quiet enable "${enabled[@]}"
    sync -f "$units"
    if systemd_runs; then
        systemctl daemon-reload
        systemctl reset-failed 'jukebox*' 2>/dev/null || true
        # A socket cannot be given to a service that already runs.
        systemctl --quiet is-active jukebox-web-80.socket || systemctl stop jukebox-web.service
        systemctl --quiet is-active jukebox-resolver.socket || systemctl stop jukebox-resolver.service
        systemctl start "${enabled[@]}"
    fi
}

# Another web server keeps its port 80.
may_listen() { # may_listen UNIT
    [[ ${1##*/} != jukebox-web-80.socket ]] || ! systemd_runs || # the ports of an image are free
        systemctl --quiet is-active jukebox-web-80.socket ||
        ! grep -qsE '^ *[0-9]+: [0-9A-F]+:0050 [0-9A-F:]+ 0A ' /proc/net/tcp /proc/net/tcp6
}

# Manual pages and completions: where each lies, below /usr/local/share.
declare -A manual=(
    [jukebox.1]=man/man1/jukebox.1
    [jukebox.toml.5]=man/man5/jukebox.toml.5
    [jukebox.bash]=bash-completion/completions/jukebox
    [_jukebox]=zsh/site-functions/_jukebox
    [jukebox.fish]=fish/vendor_completions.d/jukebox.fish
)

put_manual() { # put_manual FOLDER: an earlier release has none
    local name
    for name in "${!manual[@]}"; do
        [[ ! -e $1/$name ]] || put "$1/$name" "/usr/local/share/${manual[$name]}"
    done
}

remove_manual() {
    local name place
    for name in "${!manual[@]}"; do
        place=/usr/local/share/${manual[$name]}
        [[ ! -e $place ]] || {
            rm "$place"
            rmdir --ignore-fail-on-non-empty "${place%/*}"
        }
    done
    for place in bash-completion zsh fish; do
        [[ ! -d /usr/local/share/$place ]] || rmdir --ignore-fail-on-non-empty "/usr/local/share/$place"
    done
}

put_back_off() { # put_back_off RELEASE_FOLDER UNITS: if systemd is new enough to know its settings
    local version
    version=$(systemctl --version | awk 'NR == 1 { print $2 }')
    [[ ${version%%[!0-9]*} -lt 254 ]] || put "$1/systemd/back-off.conf" "$2/jukebox.service.d/back-off.conf"
}

remove_unit() {
    ! systemd_runs || systemctl stop "$1"
    systemctl --quiet disable "$1" 2>/dev/null || true # the service of a timer is not enabled
    rm -f "$units/$1"
}

remove_units() {
    local unit
    remove_trial
    remove_manual
    for unit in "$units"/jukebox*.{timer,socket,service}; do # what starts a service before it
        [[ ! -e $unit ]] || remove_unit "${unit##*/}"
    done
    rm -rf "$units/jukebox.service.d" /run/jukebox{,-admin,-control,-pair,-links,-links-page,-rooms,-sound} \
        /var/lib/systemd/timers/stamp-jukebox-backup.timer
    if systemd_runs; then
        systemctl daemon-reload
        systemctl reset-failed 'jukebox*' 2>/dev/null || true
    fi
}

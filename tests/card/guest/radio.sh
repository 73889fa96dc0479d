#!/bin/bash
# In the emulated machine, as root: two radios of mac80211_hwsim, of which one is the jukebox's and the other
# an access point. Each case puts a wifi.txt onto the boot partition, or a code before the camera, starts
# card-wifi anew and prints what it said, also to the console, for tests/boot_card.sh and tests/box/radio.py.
set -u
here=$(dirname "$0") boot=/boot/firmware
[[ -d $boot ]] || boot=/boot/efi
name='Home "net"' right='a;b\c,d:"e" #sEcReT1' wrong='sEcReT2;password'

say() { echo "RIG $*" | tee /dev/console; }

digits() { printf %s "$1" | od -An -v -tx1 | tr -d ' \n'; } # see findings/wpa-password-ends-at-hash.sh

access_point() { # access_point KEY_MANAGEMENT PROTECTED_FRAMES
    [[ ! -e /run/rig.pid ]] || kill "$(cat /run/rig.pid)"
    sleep 1
    printf 'network={\n ssid=%s\n mode=2\n frequency=2412\n key_mgmt=%s\n proto=RSN\n pairwise=CCMP\n' \
        "$(digits "$name")" "$1" >/run/rig.conf
    printf ' ieee80211w=%s\n psk=%s\n sae_password=%s\n}\n' \
        "$2" "$(wpa_passphrase "$name" "$right" | sed -n 's/^\tpsk=//p')" "$(digits "$right")" >>/run/rig.conf
    wpa_supplicant -B -i wlan1 -c /run/rig.conf -P /run/rig.pid >/dev/null
    sleep 2
}

outcome() { # outcome CASE: of the service that was just started
    local begun=$SECONDS said=""
    systemctl restart card-wifi
    while [[ -z $said ]] && ((SECONDS - begun < 240)); do
        said=$(journalctl -u card-wifi -o cat --since "@$started" |
            grep -xE '.*wifi: (connected|wrong password|not found)' | tail -n 1)
        sleep 1
    done
    say "$1: ${said##*wifi: } after $((SECONDS - begun)) s"
    sleep 30 # until it has told so by sound, too
    journalctl -u card-wifi -o cat --since "@$started" | grep "no sound for it" && say "$1: without sound"
}

by_file() { # by_file CASE PASSWORD
    forget
    printf 'name = %s\npassword = %s\n' "$name" "$2" >"$boot/wifi.txt"
    started=$(date +%s)
    outcome "$1"
    [[ ! -e $boot/wifi.txt ]] || say "$1: wifi.txt is still there"
}

forget() {
    systemctl stop card-wifi wpa_supplicant@wlan0
    rm -f /etc/jukebox/wifi.conf
    sleep 3
}

until [[ -e /sys/class/net/wlan1 ]]; do sleep 1; done
until systemctl --quiet is-active jukebox; do sleep 1; done
systemctl stop card-wifi
access_point WPA-PSK 0
by_file "WPA2 by file" "$right"
by_file "wrong password, WPA2" "$wrong"
access_point SAE 2
by_file "WPA3 by file" "$right"
by_file "wrong password, WPA3" "$wrong"
forget
mkdir -p /var/lib/jukebox/rig && cp "$here/code.png" /var/lib/jukebox/rig/
chown -R jukebox /var/lib/jukebox/rig
printf '[camera]\nsource = "/var/lib/jukebox/rig"\n' >"$boot/jukebox.toml"
systemctl restart jukebox
started=$(date +%s)
outcome "WPA3 by code"
for _ in {1..60}; do [[ -n $(ip -4 -o address show wlan0) ]] || sleep 2; done
say "address: $(ip -4 -o address show wlan0 | awk '{ print $4 }')"
# The second one is the same in hexadecimal digits, as in its settings.
say "in the log: $(journalctl -b -o cat | grep -c -e sEcReT -e 734563526554) lines with a password"
say "world-readable: $(find / -xdev -type f -perm -o=r ! -path "$here/*" -size -1M -print0 2>/dev/null |
    xargs -0 grep -l -e sEcReT -e 734563526554 2>/dev/null | paste -sd ' ') end"
say "mode: $(stat -c %a:%U /etc/jukebox/wifi.conf)"
say end

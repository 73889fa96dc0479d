"""The whole jukebox on real systemd: install, boot, trouble, update, the way back, uninstall.

The tests of a Debian release share one machine and run in this order.
"""

import json
import re
import time
from pathlib import Path

import pytest
from installed import CONFIG, HURRY, MUSIC, PAGE, SETTINGS, SILENCE
from machine import Machine, NoNetworkError, place_for, why_not

from appliance.vision.interpreter import runtime_name

pytestmark = [
    pytest.mark.timeout(900),  # the first of a release may have to download its machine
    pytest.mark.skipif(bool(why_not()), reason=why_not()),
    pytest.mark.skipif(
        runtime_name() != "ai_edge_litert", reason="an installed jukebox has the other runtime"
    ),
]
PROJECT = Path(__file__).resolve().parents[1]
# There is no camera either; without one the jukebox waits.
REEL = '[camera]\nsource = "reel"\n'
OWN = f"{REEL}[mood]\ndwell_s = 3"


@pytest.fixture(scope="module", params=["bookworm", "trixie"])
def machine(request, tmp_path_factory):
    """A fresh machine that runs."""
    try:
        place = place_for(request.param, tmp_path_factory.mktemp(request.param))
        made = Machine(request.param, place)
    except NoNetworkError as error:
        pytest.skip(str(error))
    made.write("/etc/jukebox/mpd-own.conf", SILENCE)  # as an owner would: there is no sound card
    try:
        made.boot()
        made.files_before = files(made)
        yield made
    finally:
        made.throw_away()
        print(made.figures)  # noqa: T201 - shown by pytest -s


def files(machine):
    """All files of the machine, without those that Debian packages keep changing."""
    found = machine.says(
        "find /etc /opt /usr/local /var /root /home /srv /boot -xdev -not -path '/root/jukebox*'"
        " -not -path '/var/cache/apt*' -not -path '/var/lib/apt*' -not -path '/var/log/journal*';"
        " ls -d /run/*jukebox* 2>/dev/null || true"
    )
    return set(found.split("\n"))


def pid(machine):
    return machine.show("MainPID")


def answers(machine):
    return json.loads(machine.run("jukebox status --json", check=False).stdout or "{}")


def history(machine):
    return json.loads(machine.says("jukebox history --json"))


def plays(machine):
    return answers(machine).get("player") == "play"


def release_of(machine, process):
    """The number of the release that a process runs."""
    command = machine.says(f"tr '\\0' ' ' </proc/{process}/cmdline")
    return re.search(r"/releases/(\d+)/", command)[1]


def is_back(machine, before):
    """Whether another process than before is active."""
    return machine.show("ActiveState") == "active" and pid(machine) not in ("0", before)


def test_a_dry_run_tells_and_changes_nothing(machine):
    told = machine.run("./setup.sh install --dry-run").stderr
    assert "install Debian packages: python3 python3-venv mpd avahi-daemon" in told
    assert "make release 1" in told
    assert files(machine) == machine.files_before


def test_it_installs_without_a_question_and_without_a_network(machine):
    begun = time.monotonic()
    told = machine.run("./setup.sh install", **HURRY).stderr
    machine.figures["install_s"] = round(time.monotonic() - begun)
    assert "The jukebox runs:" in told
    assert "downloading" not in told  # all lay ready


def test_nothing_has_failed(machine):
    assert machine.says("systemctl is-system-running") == "running"
    assert machine.says("systemctl list-units --failed --no-legend") == ""


def test_without_a_camera_it_waits_and_says_so(machine):
    machine.until(lambda: answers(machine).get("camera") == "lost")
    assert "waiting for the camera" in machine.show("StatusText")
    machine.run(f"echo '{REEL}' >{CONFIG}; systemctl reload jukebox")


def test_it_says_how_it_is(machine):
    machine.until(lambda: plays(machine))
    machine.until(lambda: "playing" in machine.show("StatusText"))  # up to 0.5 s later
    checks = json.loads(machine.says("jukebox check --json"))
    assert [check for check in checks if not check["good"]] == []
    assert "playlist neutral" in {check["what"] for check in checks}


def test_phones_find_its_mpd(machine):
    machine.until(lambda: machine.run("./tests/find_mpd.py", check=False).returncode == 0)
    assert "Emotional Jukebox @ " in machine.says("./tests/find_mpd.py")


def test_its_units_have_no_mistakes_and_are_locked_down(machine):
    units = (
        "jukebox.service", "jukebox-resolver.service", "jukebox-backup.service",
        "jukebox-web.service", "jukebox-mpd-health.service", "jukebox-admin.service",
        "jukebox-home.service", "jukebox-sound.service",
    )  # fmt: skip
    others = (
        "jukebox-backup.timer jukebox-control.socket jukebox-web.socket jukebox-pair.socket"
        " jukebox-resolver.socket jukebox-resolver-page.socket jukebox-mpd-health.timer"
        " jukebox-admin.socket jukebox-sound.socket"
    )
    verified = machine.run(f"systemd-analyze verify {' '.join(units)} {others}")
    assert verified.stdout + verified.stderr == ""
    for unit in units:
        judged = machine.says(f"systemd-analyze security --no-pager {unit}")
        exposure = float(re.search(r"exposure level for \S+: ([\d.]+)", judged)[1])
        machine.figures[unit] = exposure
        assert exposure <= LEAST_LOCKED.get(unit, 0.5)


# What has a network, or writes root's files, cannot be locked as tightly.
LEAST_LOCKED = {
    "jukebox-resolver.service": 1.3, "jukebox-admin.service": 1.5, "jukebox-home.service": 1.3,
    "jukebox-sound.service": 1.5,
}  # fmt: skip
ROW = re.compile(r"^\| `(\S+\.service)`[^|]*((?:\|[^|\n]+){6})\|$", re.MULTILINE)
SHOWN = (
    "Id", "DynamicUser", "User", "PrivateNetwork", "MemoryMax", "CapabilityBoundingSet",
    "AmbientCapabilities", "StateDirectory", "RuntimeDirectory", "ReadWritePaths", "BindPaths",
    "Restart", "RestartUSec",
)  # fmt: skip


def rows_of_the_table():
    """unit → its cells in docs/security.md."""
    page = (PROJECT / "docs" / "security.md").read_text()
    found = ROW.findall(page)
    return {unit: [cell.strip() for cell in cells.split("|")[1:]] for unit, cells in found}


def shown(machine, units):
    """unit → its properties."""
    told = machine.says(f"systemctl show --property={','.join(SHOWN)} {' '.join(units)}")
    each = (dict(line.split("=", 1) for line in unit.splitlines()) for unit in told.split("\n\n"))
    return {unit["Id"]: unit for unit in each}


def written_by(unit):
    """The folders and files that a unit may write to."""
    places = {f"/var/lib/{name}" for name in unit.get("StateDirectory", "").split()}
    places |= {f"/run/{name}" for name in unit.get("RuntimeDirectory", "").split()}
    more = f"{unit.get('ReadWritePaths', '')} {unit.get('BindPaths', '')}".split()
    return places | {path.lstrip("-").partition(":")[0] for path in more}


def test_the_table_of_processes_is_what_systemd_enforces(machine):
    rows = rows_of_the_table()
    units = machine.says("cd /etc/systemd/system; ls jukebox*.service").split()
    assert set(rows) == {*units, "mpd.service"}
    for name, unit in shown(machine, rows).items():
        user, network, memory_mb, writes, _, dies = rows[name]
        after_s = {int(number) for number in re.findall(r"(\d+)", dies)}
        restarts = unit["Restart"] != "no"
        assert restarts == ("back after" in dies)
        assert not restarts or int(unit["RestartUSec"].removesuffix("s")) in after_s
        if name == "mpd.service":
            continue
        is_dynamic = unit["DynamicUser"] == "yes"
        assert user.strip("`") == ("dynamic" if is_dynamic else unit["User"] or "root")
        assert (unit["PrivateNetwork"] == "no") == network.startswith("yes")
        limit = "infinity" if memory_mb == "–" else str(int(memory_mb) * 2**20)
        assert unit["MemoryMax"] == limit
        assert user == "`root`" or unit["CapabilityBoundingSet"] == ""
        assert unit["AmbientCapabilities"] == ""
        # Where root's commands write for the resolver, it may only read.
        assert written_by(unit) - {"/run/jukebox-links"} == set(re.findall("`([^`]+)`", writes))


def page_says(machine, program):
    return machine.says(f"python3 - <<'PYTHON'\n{PAGE}\n{program}\nPYTHON")


def test_its_page_lets_in_who_was_paired_at_both_ports(machine):
    machine.until(lambda: machine.show("ActiveState", "jukebox-web") == "active")
    assert page_says(machine, "print(asked(80)[0], asked(8080)[0])") == "401 401"
    code = json.loads(machine.says("jukebox pair --json"))["code"]
    told = page_says(
        machine,
        f"status, cookie, _ = asked(8080, 'POST', '/pair', code='{code}', name='phone')\n"
        "print(status, 'data-mood=' in asked(8080, cookie=cookie)[2])",
    )
    assert told == "303 True"
    assert "phone, since" in machine.says("jukebox pair --list")


def test_its_page_takes_music_into_a_moods_folder_and_mpd_plays_it(machine):
    song = machine.says(f"ls {MUSIC}/sad/*.opus | head -1")
    code = json.loads(machine.says("jukebox pair --json"))["code"]
    told = page_says(
        machine,
        f"_, cookie, _ = asked(8080, 'POST', '/pair', code='{code}', name='phone')\n"
        f"print(sends('/player/list/happy/music', cookie, open('{song}', 'rb').read()))",
    )
    assert told.startswith("200 ")
    assert "1 song is in the folder now." in told
    made = f"{MUSIC}/happy/From my phone.opus"
    assert machine.says(f"stat -c '%a %G' '{made}'") == "644 jukebox-music"
    playlist = "cat /var/lib/mpd/playlists/happy.m3u"
    assert "happy/From my phone.opus" in machine.says(playlist)
    machine.run(f"rm '{made}'")
    machine.until(lambda: "From my phone" not in machine.says(playlist))


def test_its_page_writes_nowhere_else_and_removes_nothing(machine):
    process = machine.show("MainPID", "jukebox-web")
    inside = f"nsenter --target {process} --mount {user_of(machine, process)}"
    machine.run(f"{inside} touch {MUSIC}/happy/x && {inside} rm {MUSIC}/happy/x")
    for place in ("/var/lib/jukebox", "/etc", "/opt/jukebox/current/appliance", "/var/lib/mpd"):
        assert machine.run(f"{inside} touch {place}/x", check=False).returncode != 0
    song = machine.says(f"ls {MUSIC}/sad/*.opus | head -1")
    refused = machine.run(f"{inside} rm -f {song}", check=False).stderr
    assert "Operation not permitted" in refused
    assert "denied" in machine.run(f"{inside} sh -c 'echo >>{song}'", check=False).stderr
    assert machine.says(f"{inside} ls /var/lib/jukebox") == "music"


def test_its_page_sees_neither_faces_nor_history_and_opens_no_connection(machine):
    process = machine.show("MainPID", "jukebox-web")
    assert machine.says(f"stat -c %u /proc/{process}") != machine.says("id -u jukebox")
    inside = f"nsenter --target {process} --mount --net"
    connect = "python3 -c 'import socket; socket.create_connection((\"127.0.0.1\", 6600), 3)'"
    assert machine.run(f"{inside} {connect}", check=False).returncode != 0
    for secret in ("/var/lib/jukebox/jukebox.db", "/etc/jukebox/jukebox.toml"):
        machine.run(f"test -e {secret}")
        assert machine.run(f"{inside} test -e {secret}", check=False).returncode == 1


IN_FORCE = """
import socket
with socket.socket(socket.AF_UNIX) as asks:
    asks.connect("/run/jukebox-control/socket")
    asks.sendall(b'{"id": 1, "do": "settings"}\\n')
    lines = asks.makefile()
    lines.readline()
    print(lines.readline())
"""


def in_force(machine):
    """The settings of the running jukebox."""
    return json.loads(page_says(machine, IN_FORCE))["data"]


def settings_say(machine, program):
    return page_says(machine, f"import json, subprocess\n{SETTINGS}\n{program}")


def test_its_page_writes_settings_which_count_at_once_and_a_bad_one_changes_nothing(machine):
    before = pid(machine)
    said = settings_say(
        machine,
        "print(save(**{'mood.dwell_s': '-3'})[0], save(**{'mood.dwell_s': '4'})[0],"
        " save(**{'mood.dwell_s': '5'})[0])",
    )
    assert said == "422 303 409"  # at last from a form that was made before
    assert "dwell_s = 4\n" in machine.says(f"cat {CONFIG}") + "\n"
    assert machine.says(f"stat -c '%U %G %a' {CONFIG}") == "root jukebox 640"
    machine.until(lambda: in_force(machine)["mood"]["dwell_s"] == 4)
    assert pid(machine) == before


def test_without_a_broker_the_home_ends_and_its_test_says_what_is_missing(machine):
    assert machine.show("ActiveState", "jukebox-home") == "inactive"
    assert (machine.show("Result", "jukebox-home"), machine.show("NRestarts", "jukebox-home")) == (
        "success", "0",
    )  # fmt: skip
    tested = machine.run("jukebox home test", check=False)
    assert tested.returncode == 1
    assert "BAD   settings: home.address is empty" in tested.stdout
    assert machine.says("stat -c '%U %a' /etc/jukebox/home") == "root 700"


def test_its_name_is_changed_by_the_page_and_sudo_still_finds_it(machine):
    # A minimal Debian may lack the file, which the process sees only if it is there when it starts.
    machine.run("hostnamectl set-hostname before; echo '127.0.1.1 before' >>/etc/hosts")
    machine.run("systemctl stop jukebox-admin")
    assert "music.local:8080" in settings_say(
        machine, "print(asked(8080, 'POST', '/settings/name', cookie, name='Music')[2])"
    )
    assert machine.says("hostname; tail -n 1 /etc/hosts") == "music\n127.0.1.1 music"
    machine.until(lambda: machine.show("ActiveState", "jukebox-web") == "active")
    machine.until(lambda: "music" in machine.run("./tests/find_mpd.py", check=False).stdout)


ADMIN = "/run/jukebox-admin/socket"


def test_only_the_page_asks_roots_process_which_ends_when_nobody_does(machine):
    asks = f"python3 -c 'import socket; socket.socket(socket.AF_UNIX).connect(\"{ADMIN}\")'"
    for user in ("jukebox", "mpd", "nobody"):
        as_user = f"setpriv --reuid={user} --regid=nogroup --init-groups"
        assert "PermissionError" in machine.run(f"{as_user} {asks}", check=False).stderr
    assert machine.says(f"stat -c '%U %G %a' {ADMIN}") == "root jukebox-admin 660"
    machine.run(asks)
    process = machine.until(lambda: int(machine.show("MainPID", "jukebox-admin")))
    inside = f"nsenter --target {process} --mount --net"
    for place in ("/etc", "/opt/jukebox/current", "/usr", "/boot"):
        assert "Read-only" in machine.run(f"{inside} touch {place}/x", check=False).stderr
    connect = "python3 -c 'import socket; socket.create_connection((\"127.0.0.1\", 6600), 3)'"
    assert machine.run(f"{inside} {connect}", check=False).returncode != 0
    machine.run("test -e /var/lib/jukebox/jukebox.db")
    assert machine.says(f"{inside} ls /var/lib/jukebox") == ""
    machine.run("systemctl restart jukebox-admin.socket")  # refused, were it not bound to it
    machine.run(asks)
    machine.until(lambda: machine.show("ActiveState", "jukebox-admin") == "inactive")
    assert machine.show("Result", "jukebox-admin") == "success"


def test_who_sees_faces_has_no_network_no_homes_and_nothing_to_write_on(machine):
    machine.run("mkdir -p /home/somebody && echo diary >/home/somebody/diary")
    connect = "python3 -c 'import socket; socket.create_connection((\"127.0.0.1\", 6600), 3)'"
    machine.run(connect)  # MPD is there for everybody else
    inside = f"nsenter --target {pid(machine)} --mount --net"
    assert machine.run(f"{inside} {connect}", check=False).returncode != 0
    assert machine.says(f"{inside} sh -c 'cat /proc/net/dev | tail -n +3 | cut -d: -f1'") == "lo"
    assert machine.run(f"{inside} cat /home/somebody/diary", check=False).returncode != 0
    for place in ("/etc", "/opt/jukebox/current/appliance", "/boot", "/var/lib/mpd"):
        assert "Read-only" in machine.run(f"{inside} touch {place}/x", check=False).stderr


def test_even_with_the_machines_network_its_packets_are_dropped(machine):
    """IPAddressDeny= holds for the group of processes, whatever network and sockets they have."""
    machine.write(
        "/root/connect.py",
        "import socket, sys\n"
        "if sys.argv[1:]:\n"
        "    open(f'/sys/fs/cgroup/system.slice/{sys.argv[1]}/cgroup.procs', 'w').write('0')\n"
        "socket.create_connection(('127.0.0.1', 6600), 2)\n",
    )
    connect = "systemd-run --quiet --wait --pipe python3 /root/connect.py"
    machine.run(connect)  # in a group of its own
    assert "timed out" in machine.run(f"{connect} jukebox.service", check=False).stderr
    machine.run("rm /root/connect.py")


REACH = """import os, socket, stat
KINDS = socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET
def reached(path, kind):
    with socket.socket(socket.AF_UNIX, kind) as tries:
        tries.setblocking(False)
        return tries.connect_ex(path) in (0, 11)
for folder, below, names in os.walk("/"):
    below[:] = [name for name in below if os.path.join(folder, name) not in ("/proc", "/sys")]
    for path in (os.path.join(folder, name) for name in names):
        if stat.S_ISSOCK(os.lstat(path).st_mode) and any(reached(path, kind) for kind in KINDS):
            print(path)
"""


def reached_by(machine, process, user):
    """The sockets to which a user can connect in the file system of a process."""
    machine.write("/usr/local/lib/reach.py", REACH)
    return set(
        machine.says(
            f"nsenter --target {process} --mount --net {user} python3 /usr/local/lib/reach.py"
        ).split()
    )


def user_of(machine, process):
    """What lets a command run as the user of a process."""
    told = machine.says(f"grep -E '^(Uid|Gid|Groups):' /proc/{process}/status")
    user, group, more = (line.partition(":")[2].split() for line in told.split("\n"))
    groups = f"--groups={','.join(more)}" if more else "--clear-groups"
    return f"setpriv --reuid={user[0]} --regid={group[0]} {groups}"


def test_each_process_reaches_the_sockets_of_the_table_alone(machine):
    everywhere = reached_by(machine, 1, "")
    assert "/run/dbus/system_bus_socket" in everywhere
    assert "/run/avahi-daemon/socket" in everywhere
    for unit, cells in rows_of_the_table().items():
        process = machine.show("MainPID", unit)
        if process != "0" and unit not in ("mpd.service", "jukebox-admin.service"):
            reached = reached_by(machine, process, user_of(machine, process))
            assert reached == set(re.findall("`([^`]+)`", cells[4])), unit


def test_other_users_reach_neither_mpd_by_its_socket_nor_the_resolver(machine):
    machine.run("useradd neighbour")
    as_user = "setpriv --reuid=neighbour --regid=neighbour --init-groups"
    reached = reached_by(machine, 1, as_user)
    assert {path for path in reached if "mpd" in path or "jukebox" in path} == set()
    machine.run("userdel neighbour")


def test_an_mpd_elsewhere_is_reached_by_the_drop_in_and_not_without(machine):
    machine.run(f"cp {CONFIG} /tmp/; echo '{REEL}[mpd]\naddress = \"127.0.0.1\"' >{CONFIG}")
    told = machine.run("./setup.sh install", **HURRY).stderr
    assert "has no network. To open the way" in told
    machine.run("systemctl restart jukebox")
    machine.until(lambda: answers(machine).get("player") == "lost")
    drop_in = "/etc/systemd/system/jukebox.service.d/other-mpd.conf"
    machine.run(f"install -D -m 644 /opt/jukebox/current/systemd/other-mpd.conf {drop_in}")
    machine.run(f"sed -i s/192.0.2.1/127.0.0.1/ {drop_in}; systemctl daemon-reload")
    machine.run("systemctl restart jukebox")
    machine.until(lambda: plays(machine))
    machine.run(f"rm {drop_in}; cp /tmp/jukebox.toml {CONFIG}; systemctl daemon-reload")
    machine.run("systemctl restart jukebox")
    machine.until(lambda: plays(machine))


def test_links_are_looked_up_by_another_process(machine):
    machine.run("echo http://192.0.2.1/ >/var/lib/mpd/playlists/radios.m3u")
    answer = resolved(machine, "b'http://192.0.2.1/'")
    assert "cannot be reached" in answer["error"]  # there is no network, as it found out by itself
    assert machine.show("UID", "jukebox-resolver") != machine.says("id -u jukebox")


def resolved(machine, question):
    """What the resolver answers the process that sees faces; None without an answer."""
    ask = (
        "import socket; s = socket.socket(socket.AF_UNIX);"
        f" s.connect('/run/jukebox-links/socket'); s.sendall({question} + b'\\n');"
        " print(s.makefile().readline())"
    )
    user = "setpriv --reuid=jukebox --regid=jukebox --init-groups"
    said = machine.run(f'{user} python3 -c "{ask}"', check=False).stdout.strip()
    return json.loads(said) if said else None


def test_a_link_that_the_owner_has_not_written_is_not_looked_up(machine):
    """It could be a picture, and the look-up would carry it into the network."""
    stolen = "http://192.0.2.1/?" + "picture" * 100
    begun = time.monotonic()
    assert resolved(machine, f"b'{stolen}'") == {"uri": stolen, "title": "", "error": ""}
    assert time.monotonic() - begun < 2  # a look-up would have begun a process
    assert resolved(machine, "b'http://192.0.2.1/' + b'x' * 46000") is None
    machine.run(f'echo \'[playlists]\nhappy = ["happy", "{stolen}"]\n{OWN}\' >{CONFIG}')
    machine.run("systemctl reload jukebox")
    machine.until(lambda: "reached" in (resolved(machine, f"b'{stolen}'") or {}).get("error", ""))
    machine.run(f"echo '{REEL}' >{CONFIG}; rm /var/lib/mpd/playlists/radios.m3u")
    machine.run("systemctl reload jukebox")


ASK = """import json, socket, sys
with socket.socket(socket.AF_UNIX) as asks:
    asks.settimeout(10)
    asks.connect("/run/jukebox-control/socket")
    lines = asks.makefile()
    print(json.loads(lines.readline())["protocol"])
    asks.sendall(json.dumps({"id": 1, "do": sys.argv[1]}).encode() + b"\\n")
    print(json.loads(lines.readline())["text"])
"""


def test_a_restart_leaves_the_sockets_that_systemd_made(machine):
    machine.run("systemctl restart jukebox-resolver jukebox-web")
    assert "clean up" not in machine.journal("jukebox-resolver") + machine.journal("jukebox-web")
    for name in ("links", "links-page", "pair"):
        machine.run(f"test -S /run/jukebox-{name}/socket")


def test_members_of_its_group_may_ask_and_others_may_not(machine):
    machine.write("/usr/local/lib/ask.py", ASK)
    machine.run("useradd --groups jukebox-control page; useradd stranger")
    as_user = "setpriv --reuid={0} --regid={0} --init-groups python3 /usr/local/lib/ask.py why"
    told = machine.says(as_user.format("page")).split("\n")
    assert told[0] == "1"
    assert "Now: " in told[1]
    refused = machine.run(as_user.format("stranger"), check=False)
    assert "PermissionError" in refused.stderr
    # The resolver's user, who has a network, may not, either.
    process, user = (machine.show(name, "jukebox-resolver") for name in ("MainPID", "UID"))
    resolver = f"setpriv --reuid={user} --regid={user} --clear-groups"
    inside = f"nsenter --target {process} --mount {resolver} python3 /usr/local/lib/ask.py why"
    assert "FileNotFoundError" in machine.run(inside, check=False).stderr  # it does not even see it
    assert machine.says("stat -c '%U %G %a' /run/jukebox-control/socket") == (
        "jukebox jukebox-control 660"
    )
    machine.run("userdel page; userdel stranger; rm /usr/local/lib/ask.py")


def test_the_owner_asks_by_the_same_socket(machine):
    assert "Now: " in machine.says("jukebox tell why")
    assert json.loads(machine.says("jukebox tell status --json"))["data"]["player"] == "play"
    assert machine.run("jukebox tell foo", check=False).returncode == 2
    assert machine.run("test -e /var/lib/jukebox/control.sock", check=False).returncode == 1


def test_who_asks_does_not_start_a_jukebox_that_was_stopped(machine):
    machine.run("systemctl stop jukebox")
    assert machine.run("jukebox status", check=False).returncode == 1
    assert machine.run("jukebox tell status", check=False).returncode == 1
    assert machine.run("test -e /run/jukebox-control/socket", check=False).returncode == 1
    assert machine.show("ActiveState") == "inactive"
    machine.run("systemctl start jukebox")
    assert "; " in machine.says("jukebox tell status")
    assert machine.show("ActiveState", "jukebox-control.socket") == "active"


def test_a_jukebox_that_was_killed_can_be_asked_again(machine):
    before = pid(machine)
    machine.run("systemctl kill --signal=KILL jukebox")
    machine.until(lambda: is_back(machine, before))
    machine.until(lambda: machine.run("jukebox tell why", check=False).returncode == 0)
    machine.until(lambda: plays(machine))


def test_a_good_reload_counts_and_a_bad_one_changes_nothing(machine):
    before = pid(machine)
    machine.run(f"echo '{OWN}' >{CONFIG}; systemctl reload jukebox")
    machine.until(lambda: "reload: done" in machine.journal())
    machine.run(f"echo '[mood]\ndwell_s = -3' >{CONFIG}; systemctl reload jukebox")
    machine.until(lambda: "the running settings stay in force" in machine.journal())
    assert "mood.dwell_s is -3" in machine.journal()
    assert pid(machine) == before
    assert machine.show("ActiveState") == "active"


def test_a_bad_file_at_the_start_is_reported_once_and_not_tried_again(machine):
    machine.run("systemctl restart jukebox", check=False)
    assert machine.show("ActiveState") == "failed"
    assert machine.show("ExecMainStatus") == "78"
    assert machine.show("NRestarts") == "0"
    machine.run(f"echo '{OWN}' >{CONFIG}; systemctl start jukebox")


def test_the_boot_partition_is_merged_over_the_settings_and_a_bad_file_ignored(machine):
    machine.write("/boot/firmware/jukebox.toml", "[mood]\nmargin = 0.2\n")
    machine.run("systemctl restart jukebox")
    assert "/boot/firmware/jukebox.toml sets mood.margin" in machine.journal()
    assert "dwell_s = 3.0\n" in (settings := machine.says("jukebox config"))
    assert "margin = 0.2\n" in settings
    machine.write("/boot/firmware/jukebox.toml", "[mood]\nmargin = 20\n")
    machine.run("systemctl restart jukebox")
    assert "mood.margin is 20" in machine.journal()
    assert machine.show("ActiveState") == "active"
    machine.run("rm -r /boot/firmware")


def test_it_comes_back_after_a_crash(machine):
    before = pid(machine)
    machine.run("systemctl kill --signal=KILL jukebox")
    machine.until(lambda: is_back(machine, before))


def test_the_watchdog_kills_a_hung_loop_and_it_comes_back(machine):
    machine.run("mkdir -p /run/systemd/system/jukebox.service.d; echo '[Service]\nWatchdogSec=4'"
                " >/run/systemd/system/jukebox.service.d/hurry.conf; systemctl daemon-reload;"
                " systemctl restart jukebox")  # fmt: skip
    before = pid(machine)
    time.sleep(6)
    assert pid(machine) == before  # a loop that runs feeds it
    machine.run("systemctl kill --signal=STOP jukebox")
    machine.until(lambda: is_back(machine, before))
    assert "Watchdog timeout" in machine.journal()
    machine.run("rm -r /run/systemd/system/jukebox.service.d; systemctl daemon-reload")


def test_while_mpd_is_away_moods_are_read_and_the_music_comes_back_with_it(machine):
    before = pid(machine)
    machine.run("systemctl stop mpd")
    machine.until(lambda: answers(machine).get("player") == "lost")
    assert "player: lost" in machine.journal()
    assert "waiting for MPD" in machine.says("jukebox tell status")
    machine.run("systemctl start mpd")
    machine.until(lambda: plays(machine), seconds=60)
    machine.run("systemctl kill --signal=KILL mpd")
    machine.until(lambda: machine.show("ActiveState", "mpd.service") == "active")
    machine.until(lambda: plays(machine), seconds=60)
    assert pid(machine) == before


TELL_MPD = """import socket, sys
with socket.create_connection(("127.0.0.1", 6600), 5) as asks:
    lines = asks.makefile()
    print(lines.readline().strip())
    asks.sendall(sys.argv[1].encode() + b"\\n")
    print(lines.readline().strip())
"""


def mpd_says(machine, command):
    """MPD's greeting and first line for somebody in the network."""
    machine.write("/usr/local/lib/tell_mpd.py", TELL_MPD)
    return machine.says(f"python3 /usr/local/lib/tell_mpd.py {command}").split("\n")


def test_nobody_in_the_network_can_end_mpd_and_it_comes_back_if_somebody_here_does(machine):
    assert 'you don\'t have permission for "kill"' in mpd_says(machine, "kill")[1]
    assert mpd_says(machine, "currentsong")[1] != ""
    before = machine.show("MainPID", "mpd")
    machine.run(
        'python3 -c "import socket; s = socket.socket(socket.AF_UNIX);'
        " s.connect('/run/mpd/socket'); s.sendall(b'kill\\n'); s.makefile().read()\""
    )
    machine.until(lambda: machine.show("MainPID", "mpd") not in ("0", before))
    machine.until(lambda: plays(machine), seconds=60)


def test_damaged_stickers_do_not_end_the_music(machine):
    sticker = "/var/lib/mpd/jukebox.sticker"
    machine.run(f"systemctl stop mpd; head -c 9000 /dev/urandom >{sticker}; systemctl start mpd")
    machine.until(lambda: plays(machine), seconds=60)
    assert machine.says(f"ls {sticker}.corrupt-* | wc -l") == "1"
    assert "is damaged" in machine.journal("mpd.service")
    assert machine.says(f"stat -c '%U %a' {sticker}") == "mpd 600"


def test_an_mpd_whose_socket_was_removed_is_restarted(machine):
    before = machine.show("MainPID", "mpd")
    machine.run("systemctl start jukebox-mpd-health.service")
    assert machine.show("MainPID", "mpd") == before  # it answers
    machine.run("rm /run/mpd/socket; systemctl start jukebox-mpd-health.service")
    machine.until(lambda: machine.show("MainPID", "mpd") not in ("0", before))
    machine.until(lambda: plays(machine), seconds=60)
    assert machine.show("ActiveState", "jukebox-mpd-health.timer") == "active"
    assert machine.show("ActiveState", "jukebox-mpd-health.service") == "inactive"


def test_an_mpd_that_hangs_is_restarted(machine):
    if machine.release != "trixie":
        pytest.skip("it takes half a minute, and one release is enough")
    before = machine.show("MainPID", "mpd")
    machine.run("systemctl kill --signal=STOP mpd; systemctl start jukebox-mpd-health.service")
    machine.until(lambda: machine.show("MainPID", "mpd") not in ("0", before))
    machine.until(lambda: plays(machine), seconds=60)
    assert "MPD does not answer" in machine.journal("jukebox-mpd-health.service")


IDLE = """
import socket
def connected(port):
    return socket.create_connection(("127.0.0.1", port), 5)
idle = [connected(port) for port in (6600, 8080) for _ in range(300)]
print(all(client.recv(9).startswith(b"OK MPD") for client in idle[:300]))
print(connected(6600).recv(9).startswith(b"OK MPD"), asked(8080)[0])
import subprocess
print(subprocess.run(["jukebox", "tell", "why"], capture_output=True).returncode)
"""


def test_three_hundred_idle_clients_of_mpd_and_of_the_page_lock_nobody_out(machine):
    assert page_says(machine, IDLE).split("\n") == ["True", "True 401", "0"]


def test_what_other_users_need_not_know_is_not_told_them(machine):
    assert machine.says("stat -c '%U %a' /etc/jukebox/mpd-own.conf") == "mpd 600"
    assert machine.says("stat -c '%U %a' /run/jukebox-setup.lock") == "root 600"
    machine.until(lambda: answers(machine)["emotion"])
    text = machine.show("StatusText")
    assert "playing" in text
    assert "looks" not in text


def test_the_history_is_copied_while_it_grows(machine):
    machine.run("systemctl start jukebox-backup.service")
    copies = machine.says("ls /var/lib/jukebox/backups")
    assert re.fullmatch(r"jukebox-\d{4}-\d\d-\d\d\.db", copies)
    assert machine.show("ActiveState", "jukebox-backup.timer") == "active"


def test_a_second_installation_changes_nothing(machine):
    before = pid(machine)
    told = machine.run("./setup.sh install", **HURRY).stderr
    assert "release 1: this version, there already" in told
    assert pid(machine) == before


def test_an_update_keeps_what_is_the_owners(machine):
    machine.run(f"mkdir {MUSIC}/own && cp {MUSIC}/happy/*.opus {MUSIC}/own/ && rm {MUSIC}/sad/*")
    machine.run("echo own/kite-weather.opus >/var/lib/mpd/playlists/happy.m3u")
    before = history(machine)
    machine.run("echo '# a newer version' >>appliance/errors.py")
    told = machine.run("./setup.sh install", **HURRY).stderr
    assert "switch from release 1 to 2" in told
    assert machine.says("readlink /opt/jukebox/current") == "releases/2"
    assert_the_owners_is_kept(machine)
    assert "Now: " in machine.says("jukebox tell why")
    assert machine.says("stat -c %G /run/jukebox-control/socket") == "jukebox-control"
    assert before
    assert [row for row in before if row not in history(machine)] == []


def assert_the_owners_is_kept(machine):
    assert machine.says(f"cat {CONFIG}") == OWN
    assert machine.says("cat /var/lib/mpd/playlists/happy.m3u") == "own/kite-weather.opus"
    assert machine.says(f"ls {MUSIC}/own {MUSIC}/sad | grep -c opus") == "3"


BROKEN = {
    "it ends at once": "raise RuntimeError('a mistake of the new version')",
    "it is never ready": "import time; time.sleep(600)",
    "it changes the history and then ends": (
        "from appliance.history import migrations as m; m.steps()(m.m999_new);"
        " from appliance.service import Service as S; S._report_status = lambda self: 1 / 0"
    ),
}
NEW_FORM = """


def m999_new(db):
    db.execute("alter table moods rename column state to condition")
END"""


@pytest.mark.parametrize("fault", BROKEN)
def test_an_update_that_fails_goes_back_by_itself(machine, fault):
    machine.run("cp appliance/commands/run.py /tmp/run.py")
    machine.write("/root/fault.py", f"    {BROKEN[fault]}\n")
    machine.run("sed -i '/^def run/r /root/fault.py' appliance/commands/run.py")
    machine.run(
        "cp appliance/history/migrations.py /tmp; cat >>appliance/history/migrations.py <<'END'"
        + NEW_FORM
    )
    machine.run("sed -i 's/^Description=.*/Description=broken/' systemd/jukebox.service")
    machine.run("cp systemd/jukebox-backup.service systemd/jukebox-new.service")
    before = history(machine)
    failed = machine.run("./setup.sh install", check=False, **HURRY)
    assert failed.returncode == 1, failed.stderr
    assert "release 3 did not become healthy" in failed.stderr
    assert "back to release 2, which runs" in failed.stderr
    assert ("put back" in failed.stdout) == ("changes the history" in fault)
    assert machine.says("readlink /opt/jukebox/current") == "releases/2"
    assert machine.says("ls /opt/jukebox/releases").split() == ["1", "2"]
    assert machine.show("Description") == "Emotional Jukebox"
    assert machine.show("LoadState", "jukebox-new.service") == "not-found"
    assert release_of(machine, pid(machine)) == "2"
    machine.until(lambda: plays(machine))
    assert "newer jukebox" not in machine.says("journalctl -u jukebox -n 15 -o cat")
    assert "Now: " in machine.says("jukebox tell why")
    assert [row for row in before if row not in history(machine)] == []
    assert_the_owners_is_kept(machine)
    machine.run("cp /tmp/run.py appliance/commands/; cp /tmp/migrations.py appliance/history/")
    machine.run("rm /root/fault.py")
    machine.run("sed -i 's/^Description=.*/Description=Emotional Jukebox/' systemd/jukebox.service")
    machine.run("rm systemd/jukebox-new.service")


TRIAL = "/run/systemd/system.control/jukebox.service"
# Its output goes nowhere, as after a lost connection.
UPDATE = "systemd-run --quiet --unit=update --setenv=JUKEBOX_STEADY_S=20"


def try_a_new_version(machine):
    """Begins an update, and waits until the new version is being tried. Returns its process."""
    machine.run("echo '# a newer version' >>appliance/errors.py")
    before = pid(machine)
    machine.run(f"{UPDATE} sh -c '/root/jukebox/setup.sh install >/dev/full 2>&1'")
    machine.until(lambda: machine.run(f"test -e {TRIAL}", check=False).returncode == 0)
    machine.until(lambda: is_back(machine, before))
    return pid(machine)


def test_an_update_that_is_cut_off_goes_back_by_itself(machine):
    tried = try_a_new_version(machine)
    assert release_of(machine, tried) == "3"
    machine.run("systemctl kill --signal=TERM update")
    machine.until(lambda: machine.show("ActiveState", "update.service") in ("failed", "inactive"))
    machine.until(lambda: is_back(machine, tried))
    assert release_of(machine, pid(machine)) == "2"
    assert machine.says("ls /opt/jukebox/releases").split() == ["1", "2"]
    machine.run(f"! test -e {TRIAL}; systemctl reset-failed update", check=False)


def test_an_update_that_refuses_the_settings_is_not_tried(machine):
    before = pid(machine)
    machine.run(f"echo '[mood]\ndwell = 3' >{CONFIG}; echo '#' >>appliance/errors.py")
    failed = machine.run("./setup.sh install", check=False, **HURRY)
    assert failed.returncode == 1
    assert "mood.dwell" in failed.stderr
    assert "correct them" in failed.stderr
    assert (machine.says("readlink /opt/jukebox/current"), pid(machine)) == ("releases/2", before)
    machine.run(f"echo '{OWN}' >{CONFIG}")


def test_it_starts_with_the_machine_and_without_what_was_being_tried(machine):
    tried = try_a_new_version(machine)
    assert release_of(machine, tried) != "2"
    machine.run("systemctl kill --signal=KILL update")  # as a pulled plug does
    machine.off()
    machine.figures["boot_s"] = round(machine.boot(), 1)
    assert machine.says("systemctl is-system-running") == "running"
    assert answers(machine)["running"]
    assert release_of(machine, pid(machine)) == "2"
    began, ready = (
        int(machine.show(name))
        for name in ("InactiveExitTimestampMonotonic", "ActiveEnterTimestampMonotonic")
    )
    machine.figures["ready_s"] = round((ready - began) / 1e6, 2)
    machine.until(lambda: plays(machine))
    told = machine.run("./setup.sh install", **HURRY).stderr
    assert "end a trial that was cut off" in told
    assert "The jukebox runs" in told


def test_without_a_copy_of_the_history_no_update_is_tried(machine):
    machine.run("echo '# newer' >>appliance/errors.py")
    copies = "/var/lib/jukebox/backups"
    machine.run(f"mv {copies} /var/lib/jukebox/away; touch {copies}")
    before = pid(machine)
    failed = machine.run("./setup.sh install", check=False, **HURRY)
    assert failed.returncode == 1
    assert "the history could not be copied" in failed.stderr
    assert pid(machine) == before
    machine.run(f"rm {copies}; mv /var/lib/jukebox/away {copies}")


def test_a_damaged_release_is_known_and_made_anew(machine):
    machine.run("./setup.sh install", **HURRY)
    release = machine.says("readlink -f /opt/jukebox/current")
    file = machine.says(f"ls {release}/env/lib/python3*/site-packages/mpd/base.py")
    machine.run(f"printf x | dd of={file} bs=1 seek=99 conv=notrunc")
    found = files_of(machine)
    assert not found["good"]
    assert file in found["text"]
    told = machine.run("./setup.sh install", **HURRY).stderr
    assert "this version, but damaged: ./env/lib" in told
    assert machine.says("readlink -f /opt/jukebox/current") != release
    assert files_of(machine)["good"]
    machine.until(lambda: plays(machine))


def files_of(machine):
    """What `jukebox check` says of the release's files."""
    checks = json.loads(machine.run("jukebox check --json", check=False).stdout)
    return next(check for check in checks if check["what"] == "files")


def test_with_no_room_for_systemd_an_update_still_goes_back(machine):
    before = release_of(machine, pid(machine))
    fault = "    raise RuntimeError('a mistake of the new version')\n"
    machine.write("/root/fault.py", fault)
    machine.run("cp appliance/commands/run.py /tmp/run.py")
    machine.run("sed -i '/^def run/r /root/fault.py' appliance/commands/run.py")
    hurry = " ".join(f"--setenv={name}={value}" for name, value in HURRY.items())
    machine.run(f"systemd-run --quiet --unit=update {hurry} /root/jukebox/setup.sh install")
    machine.until(lambda: machine.run(f"test -e {TRIAL}", check=False).returncode == 0)
    time.sleep(1)  # systemd has read it
    machine.run("mount -o remount,size=64M /run; dd if=/dev/zero of=/run/full bs=1M", check=False)
    machine.until(lambda: machine.show("ActiveState", "update.service") == "failed", seconds=90)
    machine.until(lambda: machine.show("ActiveState") == "active")
    assert "stands in" in machine.journal("update.service")
    assert f"back to release {before}, which runs" in machine.journal("update.service")
    machine.run("rm /run/full /root/fault.py; cp /tmp/run.py appliance/commands/")
    machine.run("systemctl reset-failed update")
    told = machine.run("./setup.sh install", **HURRY).stderr
    assert "end the stand-in" in told
    assert release_of(machine, pid(machine)) == before
    assert machine.says("find /opt/jukebox/releases -maxdepth 1 -type l") == ""
    machine.until(lambda: plays(machine))


def test_uninstalling_keeps_what_is_the_owners(machine):
    machine.run("./setup.sh uninstall")
    assert machine.show("LoadState") == "not-found"
    assert machine.says(f"cat {CONFIG}") == OWN
    assert machine.says(f"ls {MUSIC}/own | wc -l") == "3"
    assert machine.says("ls /var/lib/jukebox/jukebox.db")


def test_purging_leaves_nothing_behind(machine):
    told = machine.run("./setup.sh uninstall --purge").stderr
    assert "Debian packages stay" in told
    assert (
        machine.run(
            "getent passwd jukebox;"
            " getent group jukebox jukebox-control jukebox-music jukebox-admin",
            check=False,
        ).stdout
        == ""
    )
    assert machine.says("systemctl is-system-running") == "running"
    left = {path for path in files(machine) - machine.files_before if "jukebox" in path}
    assert left == set()
    assert machine.says("ls /var/lib/mpd/playlists") == "happy.m3u"  # which a person has edited
    assert machine.run("systemctl is-enabled mpd", check=False).stdout.strip() == "disabled"


def test_somebody_elses_account_is_left_alone(machine):
    machine.run("useradd jukebox")
    refused = machine.run("./setup.sh install", check=False).stderr
    assert "there is a user jukebox who is not this one's" in refused
    machine.run("./setup.sh uninstall --purge")
    machine.run("userdel jukebox")

"""The page by an owner's certificate, in a Chromium that trusts it: worker, installing, offline.

Needs the extra [browser] and Debian's chromium, libnss3-tools and openssl; skips without.
"""

import json
import os
import re
import shutil
import signal
import subprocess

import pytest
from running import JUKEBOX, started
from web_page import code_of

playwright = pytest.importorskip("playwright.sync_api", reason="needs the extra [browser]")

CHROMIUM = shutil.which("chromium", path="/usr/bin:/usr/lib/chromium")
NAME = "music.home"
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="needs Debian's package chromium"),
    pytest.mark.skipif(not shutil.which("certutil"), reason="needs Debian's package libnss3-tools"),
    pytest.mark.skipif(not shutil.which("openssl"), reason="needs Debian's package openssl"),
]


def run(*words, folder):
    subprocess.run(words, cwd=folder, capture_output=True, check=True, timeout=60)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    """A home that trusts ca.pem, with own.pem: a certificate for NAME by that CA, and its key."""
    folder = tmp_path_factory.mktemp("certificates")
    (folder / "more").write_text(f"subjectAltName=DNS:{NAME}\nextendedKeyUsage=serverAuth\n")
    new = ("openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    run(*new, "-x509", "-subj", "/CN=Our CA", "-keyout", "ca.key", "-out", "ca.pem", folder=folder)
    run(*new, "-subj", f"/CN={NAME}", "-keyout", "own.key", "-out", "own.csr", folder=folder)
    sign = ("openssl", "x509", "-req", "-in", "own.csr", "-CA", "ca.pem", "-CAkey", "ca.key")
    run(*sign, "-days", "2", "-extfile", "more", "-out", "own.crt", folder=folder)
    (folder / "own.pem").write_bytes(
        (folder / "own.crt").read_bytes() + (folder / "own.key").read_bytes()
    )
    trusted = folder / ".pki" / "nssdb"
    trusted.mkdir(parents=True)
    run("certutil", "-d", f"sql:{trusted}", "-N", "--empty-password", folder=folder)
    trust = ("certutil", "-d", f"sql:{trusted}", "-A", "-t", "C,,", "-n", "ours", "-i", "ca.pem")
    run(*trust, folder=folder)
    return folder


@pytest.fixture
def page(certificates, tmp_path):
    """A page with the certificate, without a jukebox and a player: its config, process and port."""
    config = tmp_path / "jukebox.toml"
    config.write_text(
        f'[store]\npath = "{tmp_path}/jukebox.db"\n[mpd]\naddress = "{tmp_path}/none"\n'
        f'[web]\ncertificate = "{certificates}/own.pem"\nname = "{NAME}"\n'
    )
    command = [*JUKEBOX, "web", "--config", str(config), "--address", "127.0.0.1", "--port", "0"]
    with started(command, stderr=subprocess.PIPE, text=True) as process:
        port = int(process.stderr.readline().rpartition(":")[2].strip("/\n"))
        yield config, process, port


@pytest.fixture
def browser(certificates, tmp_path):
    """A tab of a Chromium that trusts the CA, and that may install: it isn't in private mode."""
    with playwright.sync_playwright() as running:
        context = running.chromium.launch_persistent_context(
            tmp_path / "profile",
            executable_path=CHROMIUM,
            env=os.environ | {"HOME": str(certificates)},
            args=["--no-sandbox", f"--host-resolver-rules=MAP {NAME} 127.0.0.1"],
            locale="en-GB",
        )
        yield context.pages[0]
        context.close()


def test_with_a_certificate_the_page_is_installed_and_says_itself_that_it_is_gone(page, browser):
    config, process, port = page
    home = f"https://{NAME}:{port}"
    browser.goto(f"{home}/pair?code={code_of(config)}")
    browser.get_by_role("button", name=re.compile("Pair")).click()
    browser.wait_for_url(f"{home}/")
    browser.evaluate("navigator.serviceWorker.ready.then(() => true)")
    devtools = browser.context.new_cdp_session(browser)
    assert devtools.send("Page.getInstallabilityErrors")["installabilityErrors"] == []
    manifest = devtools.send("Page.getAppManifest")
    assert manifest["errors"] == []
    assert len(json.loads(manifest["data"])["icons"]) == 3
    os.kill(process.pid, signal.SIGKILL)
    process.wait(10)
    browser.goto(f"{home}/player")
    playwright.expect(browser.get_by_text("I cannot reach the jukebox")).to_be_visible()
    icon = browser.locator("header img")
    assert icon.evaluate("icon => icon.naturalWidth") > 0

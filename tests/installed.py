"""Of an installed jukebox on a booted machine: places, and programs that ask its page there."""

HURRY = {"JUKEBOX_DEADLINE_S": "15", "JUKEBOX_STEADY_S": "2"}
SILENCE = 'audio_output {\n    type "null"\n    name "silence"\n    sync "yes"\n}\n'
MUSIC = "/var/lib/jukebox/music"
CONFIG = "/etc/jukebox/jukebox.toml"
PAGE = """
import http.client, urllib.parse
def asked(port, method="GET", path="/", cookie="", **form):
    page = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    headers = {"Origin": f"http://127.0.0.1:{port}", "Cookie": cookie, "Accept": "text/html"}
    headers["Content-Type"] = "application/x-www-form-urlencoded"
    page.request(method, path, urllib.parse.urlencode(form) or None, headers)
    answer = page.getresponse()
    set_cookie = answer.getheader("set-cookie", "").partition(";")[0]
    return answer.status, set_cookie, answer.read().decode()
def sends(path, cookie, content):
    page = http.client.HTTPConnection("127.0.0.1", 8080, timeout=60)
    head = b'--x\\r\\nContent-Disposition: form-data; name="music"; filename="From my phone.opus"'
    headers = {"Origin": "http://127.0.0.1:8080", "Cookie": cookie, "Accept": "application/json"}
    headers["Content-Type"] = "multipart/form-data; boundary=x"
    page.request("POST", path, head + b"\\r\\n\\r\\n" + content + b"\\r\\n--x--\\r\\n", headers)
    answer = page.getresponse()
    return f"{answer.status} {answer.read().decode()}"
"""
# After PAGE, json and subprocess: a browser that was paired, and saves settings.
SETTINGS = """
import re
code = json.loads(subprocess.run(["jukebox", "pair", "--json"], capture_output=True).stdout)["code"]
cookie = asked(8080, "POST", "/pair", code=code, name="phone")[1]
shown = asked(8080, path="/settings", cookie=cookie)[2]
known = re.search('name="hash" value="([0-9a-f]*)"', shown)[1]
def save(**more):
    return asked(8080, "POST", "/settings", cookie, **{"hash": known, **more})
"""

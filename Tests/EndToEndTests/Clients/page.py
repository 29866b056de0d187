"""Opens a web page in headless Chromium, publishes a change until the page shows it, and takes a screenshot.

The page's dialect, rest-live 1, does not acknowledge a subscription, so a change that is published at once
may come too early: the same task is updated again, with the next number in its text, until the page changes.
Prints {"text": WHAT THE PAGE SHOWS} as one JSON line.
"""

import argparse
import base64
import json
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

from websockets.sync.client import connect

UPDATES_AT_MOST = 200
WAIT_AFTER_UPDATE_SECONDS = 0.2
TEXT_ONCE_CHANGED = """
new Promise(shown => new MutationObserver(() => shown(document.body.innerText.trim()))
    .observe(document.body, {childList: true, subtree: true, characterData: true}))
"""


class Browser:
    """The DevTools protocol on one tab."""

    def __init__(self, socket):
        self.socket, self.session, self.number = socket, None, 0
        self.events = []

    def send(self, method: str, **parameters) -> int:
        self.number += 1
        call = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            call["sessionId"] = self.session
        self.socket.send(json.dumps(call))
        return self.number

    def answer(self, number: int, timeout: float | None = None) -> dict:
        """The answer to a call; events that come before it are kept. Raises TimeoutError."""
        while True:
            message = json.loads(self.socket.recv(timeout=timeout))
            if message.get("id") == number:
                if "error" in message:
                    sys.exit(f"the browser refused: {message['error']}")
                return message["result"]
            self.events.append(message.get("method"))

    def call(self, method: str, **parameters) -> dict:
        return self.answer(self.send(method, **parameters))

    def wait_for(self, event: str) -> None:
        while event not in self.events:
            self.events.append(json.loads(self.socket.recv()).get("method"))

    def open(self, url: str) -> None:
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.call("Page.enable")
        self.call("Network.enable")
        self.call("Page.navigate", url=url)


def update(server: str, change: dict, number: int) -> None:
    change["instance"]["text"] = f"update {number}"
    request = urllib.request.Request(
        f"{server}/v1/changes", json.dumps(change).encode(), {"Content-Type": "application/json"}
    )
    urllib.request.urlopen(request).read()


def show(browser: Browser, page: str, server: str, change: dict) -> str:
    browser.open(page)
    # The page's socket is open and its subscription is on the way.
    browser.wait_for("Network.webSocketFrameSent")
    shown = browser.send(
        "Runtime.evaluate", expression=TEXT_ONCE_CHANGED, awaitPromise=True, returnByValue=True
    )
    for number in range(1, UPDATES_AT_MOST + 1):
        update(server, change, number)
        try:
            return browser.answer(shown, timeout=WAIT_AFTER_UPDATE_SECONDS)["result"]["value"]
        except TimeoutError:
            continue
    sys.exit(f"the page showed nothing after {UPDATES_AT_MOST} updates")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("page", type=Path)
    parser.add_argument("server", help="http://HOST:PORT")
    parser.add_argument("change", type=json.loads, help="the change to publish, a JSON object")
    parser.add_argument("screenshot", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        chromium = subprocess.Popen(
            [
                "chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run",
                f"--user-data-dir={profile}", "--remote-debugging-port=0",
            ],
            stderr=subprocess.PIPE,
            text=True,
        )  # fmt: skip
        try:
            prefix = "DevTools listening on "
            endpoint = next((line for line in chromium.stderr if line.startswith(prefix)), None)
            if not endpoint:
                sys.exit("chromium ended before it listened")
            with connect(endpoint.removeprefix(prefix).strip(), max_size=None) as socket:
                browser = Browser(socket)
                text = show(browser, arguments.page.resolve().as_uri(), arguments.server, arguments.change)
                picture = browser.call("Page.captureScreenshot", format="png")["data"]
            arguments.screenshot.write_bytes(base64.b64decode(picture))
            print(json.dumps({"text": text}), flush=True)
        finally:
            chromium.kill()
            chromium.wait()


main()

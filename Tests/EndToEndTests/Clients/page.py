"""Opens a web page in headless Chromium, publishes a change until the page shows it, and takes a screenshot.

The page's dialect, rest-live 1, does not acknowledge a subscription, so a change that is published at once
may come too early: the same task is updated again, with the next number in its text, until the page changes.
Prints {"text": WHAT THE PAGE SHOWS} as one JSON line.
"""

import argparse
import base64
import json
import sys
import urllib.request
from pathlib import Path

from browser import Browser, chromium

UPDATES_AT_MOST = 200
WAIT_AFTER_UPDATE_SECONDS = 0.2
TEXT_ONCE_CHANGED = """
new Promise(shown => new MutationObserver(() => shown(document.body.innerText.trim()))
    .observe(document.body, {childList: true, subtree: true, characterData: true}))
"""


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
    with chromium() as browser:
        text = show(browser, arguments.page.resolve().as_uri(), arguments.server, arguments.change)
        picture = browser.call("Page.captureScreenshot", format="png")["data"]
    arguments.screenshot.write_bytes(base64.b64decode(picture))
    print(json.dumps({"text": text}), flush=True)


main()

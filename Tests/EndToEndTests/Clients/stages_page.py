"""Opens a page in headless Chromium, prints a line whenever it shows the next of what is wanted, and takes a screenshot.

Each line is {"text": WHAT THE PAGE SHOWS}.
"""

import argparse
import base64
import json
from pathlib import Path

from browser import chromium

SHOWN_TEXT = """
new Promise(shown => {
    const wanted = %s;
    const look = () => {
        const text = document.body?.innerText ?? "";
        if (!wanted.every(part => text.includes(part))) return;
        watch.disconnect();
        shown(text.trim());
    };
    const watch = new MutationObserver(look);
    watch.observe(document, {childList: true, subtree: true, characterData: true});
    look();
})
"""

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("url")
parser.add_argument("screenshot", type=Path)
parser.add_argument("stages", nargs="+", type=json.loads, help="a JSON list of parts of the page's text")
arguments = parser.parse_args()
with chromium() as browser:
    browser.open(arguments.url)
    browser.wait_for("Page.domContentEventFired")
    for wanted in arguments.stages:
        shown = browser.call(
            "Runtime.evaluate", expression=SHOWN_TEXT % json.dumps(wanted), awaitPromise=True, returnByValue=True
        )
        print(json.dumps({"text": shown["result"]["value"]}), flush=True)
    picture = browser.call("Page.captureScreenshot", format="png")["data"]
    arguments.screenshot.write_bytes(base64.b64decode(picture))

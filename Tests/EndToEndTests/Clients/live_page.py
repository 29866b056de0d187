"""Opens a page in headless Chromium and waits until it shows all that is wanted.

Prints {"text": WHAT THE PAGE SHOWS} as one JSON line.
"""

import argparse
import json

from browser import chromium

SHOWN_TEXT = """
new Promise(shown => {
    const wanted = %s;
    const look = () => {
        const text = document.body?.innerText ?? "";
        if (wanted.every(part => text.includes(part))) shown(text.trim());
    };
    new MutationObserver(look).observe(document, {childList: true, subtree: true, characterData: true});
    look();
})
"""

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("url")
parser.add_argument("wanted", nargs="+", help="a part of the page's text")
arguments = parser.parse_args()
with chromium() as browser:
    browser.open(arguments.url)
    browser.wait_for("Page.domContentEventFired")
    expression = SHOWN_TEXT % json.dumps(arguments.wanted)
    shown = browser.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
print(json.dumps({"text": shown["result"]["value"]}), flush=True)

"""A window of headless Chromium on the to-do list, and what somebody does and sees in it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from browser import Browser, chromium

SEEN_SECONDS_AT_MOST = 15
# Resolves as soon as the expression is true, which is looked at whenever something on the page has changed.
ONCE_TRUE = """
new Promise(resolve => {
  const look = () => { if (%s) resolve(true); };
  const options = {childList: true, subtree: true, characterData: true, attributes: true};
  new MutationObserver(look).observe(document, options);
  look();
})
"""
ROW = "[...document.querySelectorAll('li')].find(row => row.querySelector('.text').textContent === %s)"


class Window:
    def __init__(self, browser: Browser) -> None:
        self.browser = browser

    @classmethod
    @contextmanager
    def open(cls, url: str, name: str | None) -> Iterator["Window"]:
        """Logs in with the login form, if there is a name, and waits until the page is connected."""
        with chromium() as browser:
            window = cls(browser)
            browser.open(f"{url}/login/" if name else url)
            browser.wait_for("Page.loadEventFired")
            if name:
                browser.events.clear()
                window.do(
                    f"const form = document.querySelector('form.login').elements; form.username.value = "
                    f"form.password.value = {json.dumps(name)}; document.querySelector('form.login button').click()"
                )
                browser.wait_for("Page.loadEventFired")
            window.sees("document.querySelectorAll('li').length > 0")
            window.sees("document.querySelector('#connection').textContent === 'live'")
            yield window

    def evaluate(self, expression: str, timeout: float | None = None) -> Any:
        number = self.browser.send("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        result = self.browser.answer(number, timeout)
        if "exceptionDetails" in result:
            raise AssertionError(f"{expression}: {result['exceptionDetails']}")
        return result["result"].get("value")

    def do(self, statements: str) -> None:
        self.evaluate(f"{{ {statements} }}")

    def sees(self, expression: str) -> None:
        """Waits until the expression is true."""
        try:
            self.evaluate(ONCE_TRUE % expression, SEEN_SECONDS_AT_MOST)
        except TimeoutError:
            text = self.evaluate("document.body.innerText")
            raise AssertionError(f"not so after {SEEN_SECONDS_AT_MOST} s: {expression}; the page is\n{text}") from None

    def sees_task(self, text: str, is_done: bool | None = None) -> None:
        """`is_done` is what its box shows; None if that is not looked at."""
        row = ROW % json.dumps(text)
        box = "" if is_done is None else f" && {row}.querySelector('input')?.checked === {json.dumps(is_done)}"
        self.sees(f"{row}{box}")

    def sees_no_task(self, text: str) -> None:
        self.sees(f"!({ROW % json.dumps(text)})")

    def add(self, list_name: str, text: str) -> None:
        self.do(
            f"const list = [...document.querySelectorAll('.list')]"
            f".find(list => list.querySelector('h2').textContent === {json.dumps(list_name)});"
            f"list.querySelector('form').elements.text.value = {json.dumps(text)};"
            f"list.querySelector('form button').click()"
        )

    def check(self, text: str) -> None:
        self.do(f"{ROW % json.dumps(text)}.querySelector('input').click()")

    def delete(self, text: str) -> None:
        self.do(f"{ROW % json.dumps(text)}.querySelector('button').click()")

    def fold(self, list_name: str) -> None:
        """Opens or closes a list."""
        self.do(
            f"[...document.querySelectorAll('.list')]"
            f".find(list => list.querySelector('h2').textContent === {json.dumps(list_name)})"
            f".querySelector('summary').click()"
        )

    def markup(self, text: str) -> str:
        """Of a task's row."""
        return self.evaluate(f"{ROW % json.dumps(text)}.outerHTML")

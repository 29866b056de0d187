"""Headless Chromium, driven by the DevTools protocol."""

import json
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from typing import Iterator

from websockets.sync.client import connect


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


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser of its own, which ends with the block."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        process = subprocess.Popen(
            [
                "chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run",
                f"--user-data-dir={profile}", "--remote-debugging-port=0",
            ],
            stderr=subprocess.PIPE,
            text=True,
        )  # fmt: skip
        try:
            prefix = "DevTools listening on "
            endpoint = next((line for line in process.stderr if line.startswith(prefix)), None)
            if not endpoint:
                sys.exit("chromium ended before it listened")
            with connect(endpoint.removeprefix(prefix).strip(), max_size=None) as socket:
                yield Browser(socket)
        finally:
            process.kill()
            process.wait()

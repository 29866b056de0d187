"""The example, started once by its own `run`, and windows of a real browser on it."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).resolve().parent.parent
ROOT = EXAMPLE.parent.parent.parent
LIVELOG = Path(os.environ.get("LIVELOG_BINARY", ROOT / ".build/release/livelog"))
# The browser of the end-to-end tests.
sys.path.insert(0, str(ROOT / "Tests/EndToEndTests/Clients"))

from window import Window  # noqa: E402


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Run:
    """The example while it runs. `url` is the page's, `socket` that of Livelog's WebSocket."""

    def __init__(self, state: Path) -> None:
        port, livelog_port = free_port(), free_port()
        self.url, self.socket = f"http://127.0.0.1:{port}", f"ws://127.0.0.1:{livelog_port}/ws/subscribe/"
        self.errors = state.with_name(f"{state.name}.errors")
        options = {"port": port, "livelog-port": livelog_port, "livelog": LIVELOG, "state": state}
        command = [EXAMPLE / "run", *(word for name, value in options.items() for word in (f"--{name}", str(value)))]
        with self.errors.open("w") as errors:
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True)

    def wait_until_there(self) -> None:
        if not any(f"the to-do list is at {self.url}/" in line for line in self.process.stdout):
            pytest.fail(f"the example did not start: {self.said()}")

    def said(self) -> str:
        return self.errors.read_text()

    def children(self) -> list[int]:
        """Livelog's process and Django's, in this order."""
        path = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(pid) for pid in path.read_text().split()]

    def stop(self) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(30)
        self.process.stdout.close()
        return status


@pytest.fixture(scope="session")
def example(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    run = Run(tmp_path_factory.mktemp("state"))
    try:
        run.wait_until_there()
        yield run
    finally:
        run.stop()


@pytest.fixture
def window(example: Run) -> Iterator[Callable[[str | None], Window]]:
    """Opens a window, of a browser of its own, for who is logged in by this name, or for a visitor."""
    with ExitStack() as stack:
        yield lambda name: stack.enter_context(Window.open(example.url, name))

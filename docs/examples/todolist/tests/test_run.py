"""The command that runs the example: what it starts it ends."""

import os
import signal
import socket
import subprocess
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from conftest import EXAMPLE, LIVELOG, Run


@pytest.mark.parametrize("place, name", [(0, "Livelog"), (1, "Django")])
def test_a_child_that_ends_ends_the_other(place: int, name: str, tmp_path: Path) -> None:
    run = Run(tmp_path)
    try:
        run.wait_until_there()
        children = run.children()
        os.kill(children[place], signal.SIGKILL)
        assert run.process.wait(20) == 1
        assert f"run: {name} ended with status -9" in run.said()
        assert not any(Path(f"/proc/{child}").exists() for child in children)
    finally:
        run.stop()


def test_what_was_there_is_there_after_a_restart(tmp_path: Path) -> None:
    for _ in range(2):
        run = Run(tmp_path)
        try:
            run.wait_until_there()
            with urllib.request.urlopen(f"{run.url}/api/lists/") as answer:
                assert answer.read().count(b'"text"') == 5
        finally:
            assert run.stop() == 0
        with pytest.raises(urllib.error.URLError):
            urllib.request.urlopen(run.url)


def test_a_port_that_is_taken_is_told_before_anything_starts(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        command = [EXAMPLE / "run", "--port", str(port), "--livelog", LIVELOG, "--state", tmp_path / "state"]
        ended = subprocess.run(command, capture_output=True, text=True)
    assert ended.returncode == 1
    assert ended.stderr == f"run: port {port}: Address already in use; choose another with --port\n"

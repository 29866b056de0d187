import json
import os
import subprocess
import urllib.parse
import urllib.request
from pathlib import Path

import pytest

from django_livelog import sender

ROOT = Path(__file__).resolve().parents[3]
BINARY = os.environ.get("LIVELOG_BINARY", str(ROOT / ".build/release/livelog"))


class Server:
    """A real server on loopback."""

    def __init__(self, data, listen="127.0.0.1:0", options=("--dev",)):
        self.process = subprocess.Popen(
            [BINARY, "serve", *options, "--data", str(data), "--listen", listen],
            stdout=subprocess.PIPE,
            text=True,
        )
        for line in self.process.stdout:
            if line.startswith("listening on "):
                self.address = line.split()[2]
                return
        raise RuntimeError("the server did not start")

    def records(self, model):
        query = urllib.parse.urlencode({"model": model, "from": "start", "limit": 1000})
        with urllib.request.urlopen(f"http://{self.address}/v1/changes?{query}") as answer:
            return json.load(answer)["records"]

    def metric(self, name):
        with urllib.request.urlopen(f"http://{self.address}/metrics") as answer:
            lines = answer.read().decode().splitlines()
        return int(next(line for line in lines if line.startswith(f"{name} ")).split()[1])

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


@pytest.fixture
def server(tmp_path, settings):
    running = Server(tmp_path / "log")
    settings.LIVELOG = {**settings.LIVELOG, "URL": f"http://{running.address}"}
    yield running
    assert sender.flush(10)
    running.stop()


@pytest.fixture
def batches():
    from django_livelog.testing import capture

    with capture() as found:
        yield found

"""A Django project with one of the original document's examples, and Livelog beside it."""

import json
import os
import shutil
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType
from typing import Any

from conftest import EXAMPLE, LIVELOG, ROOT, free_port
from websockets.sync.client import ClientConnection, connect

SOURCES = Path(__file__).resolve().parent / "document"
MESSAGE_SECONDS_AT_MOST = 10
SILENCE_SECONDS = 0.3


def load_run() -> ModuleType:
    """What `run` is made of, which starts and ends the processes here as well."""
    loader = SourceFileLoader("run", str(EXAMPLE / "run"))
    module = module_from_spec(spec_from_loader("run", loader))
    loader.exec_module(module)
    return module


run = load_run()


class Socket:
    """A WebSocket of rest-live 1."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    def send(self, message: dict[str, Any]) -> None:
        self.connection.send(json.dumps(message))
        # The protocol acknowledges nothing. What comes after this answer comes after the message.
        self.connection.ping().wait(MESSAGE_SECONDS_AT_MOST)

    def message(self) -> dict[str, Any]:
        return json.loads(self.connection.recv(MESSAGE_SECONDS_AT_MOST))

    def is_silent(self) -> bool:
        try:
            self.connection.recv(SILENCE_SECONDS)
        except TimeoutError:
            return True
        return False


class Project:
    """The project while it runs."""

    def __init__(self, url: str, socket_url: str, session: str) -> None:
        self.url, self.socket_url, self.session = url, socket_url, session

    @classmethod
    @contextmanager
    def of(cls, example: str, directory: Path) -> Iterator["Project"]:
        sources, state = directory / "project", directory / "state"
        state.mkdir()
        shutil.copytree(SOURCES, sources, ignore=shutil.ignore_patterns("examples", "__pycache__"))
        shutil.copy(SOURCES / f"examples/{example}.py", sources / "todolist/serializers.py")
        python = run.environment(ROOT / ".build/todolist/venv")
        run.make_secrets(state, LIVELOG)
        port, livelog_port = free_port(), free_port()
        url, livelog_url = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{livelog_port}"
        variables = {
            **os.environ, "PYTHONPATH": str(sources), "DJANGO_SETTINGS_MODULE": "settings",
            "TODOLIST_STATE": str(state), "LIVELOG_URL": livelog_url,
        }  # fmt: skip
        manage = [python, "-m", "django"]
        run.checked([*manage, "migrate", "--run-syncdb", "--verbosity", "0"], env=variables)
        session = run.checked([python, sources / "prepare.py"], env=variables).strip()
        run.write_configuration(manage, variables, state, url)
        with run.running(run.livelog(LIVELOG, state, livelog_port)), run.running(run.django(manage, variables, url)):
            yield cls(url, livelog_url.replace("http", "ws", 1) + "/ws/subscribe/", session)

    @contextmanager
    def socket(self, is_logged_in: bool = False) -> Iterator[Socket]:
        headers = {"Cookie": f"sessionid={self.session}"} if is_logged_in else {}
        with connect(self.socket_url, additional_headers=headers) as connection:
            yield Socket(connection)

    def write(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """By the REST endpoint, as the document wants it."""
        data, headers = json.dumps(body).encode(), {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.url}/api/{path}", data, headers, method=method)
        with urllib.request.urlopen(request) as answer:
            return json.loads(answer.read() or "{}")

    def create(self, text: str, in_list: int = 1) -> int:
        """The new task's id."""
        return self.write("POST", "tasks/", {"text": text, "list": in_list})["id"]

    def finish(self, task: int) -> None:
        self.write("PATCH", f"tasks/{task}/", {"done": True})

    def delete(self, task: int) -> None:
        self.write("DELETE", f"tasks/{task}/")


Start = Callable[[str], Project]

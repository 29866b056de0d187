"""A real server that asks this Django, and sockets of django-rest-live's clients."""

import json
import subprocess
from pathlib import Path
from typing import Any

from django.conf import settings
from django.test import Client
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from django_livelog import registry, sender
from django_livelog.schema import schema
from tests.conftest import BINARY, Server

SECONDS_AT_MOST = 10
SECRET = "of Django and Livelog, at least 32 bytes"


class Socket:
    """A WebSocket of a page. `session` is the cookie of who is logged in."""

    def __init__(self, server: Server, session: str | None = None, path: str = "/ws/subscribe/"):
        headers = {"Cookie": f"{settings.SESSION_COOKIE_NAME}={session}"} if session else {}
        url = f"ws://{server.address}{path}"
        self.connection = connect(url, additional_headers=headers)

    def send(self, message: dict[str, Any]) -> None:
        self.connection.send(json.dumps(message))
        # What is accepted is not answered. What comes after this answer comes after the message.
        self.connection.ping().wait(SECONDS_AT_MOST)

    def message(self) -> dict[str, Any]:
        return json.loads(self.connection.recv(SECONDS_AT_MOST))

    def __enter__(self) -> "Socket":
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()


def session_of(user: Any) -> str:
    """The cookie of a session in which this user is logged in."""
    client = Client()
    client.force_login(user)
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def status_of_refused(server: Server, path: str, session: str | None = None) -> int:
    """With what status a handshake is refused; 101 if it is not."""
    try:
        with Socket(server, session, path):
            return 101
    except InvalidStatus as refused:
        return refused.response.status_code


def serve(directory: Path, django: str) -> Server:
    """Starts a server with what the schema says of all that is registered now."""
    (directory / "livelog.secret").write_text(SECRET)
    keys = str(directory / "keys.jsonl")
    make = [BINARY, "keys", "make", "--file", keys, "--label", "django", "--action", "publish"]
    key = subprocess.run(make, capture_output=True, text=True, check=True).stdout.strip()
    (directory / "livelog.yaml").write_text(schema(django))
    options = ("--config", str(directory / "livelog.yaml"))
    server = Server(directory / "log", options=options)
    url = f"http://{server.address}"
    settings.LIVELOG = {**settings.LIVELOG, "URL": url, "KEY": key, "SECRET": SECRET}
    return server


class Registry:
    """Nothing is registered but what a test registers."""

    def __enter__(self) -> None:
        self.before = [(names, dict(names)) for names in (registry.MODELS, registry.ROUTERS)]
        self.clear()

    def __exit__(self, *_: object) -> None:
        assert sender.flush(SECONDS_AT_MOST)
        self.clear()
        for names, before in self.before:
            names.update(before)

    def clear(self) -> None:
        registry.MODELS.clear()
        registry.ROUTERS.clear()

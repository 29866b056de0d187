"""The one setting, LIVELOG."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from django.conf import settings


@dataclass(frozen=True)
class Config:
    """The setting with its defaults. Times are seconds."""

    URL: str = ""
    KEY: str = ""
    SECRET: str = ""
    ENABLED: bool = True
    TIMEOUT: float = 5.0
    QUEUE_LIMIT: int = 100_000  # changes that wait for a server that is away
    OUTBOX: bool = False  # write into a table, which manage.py livelog_outbox sends
    EXIT_DEADLINE: float = 5.0
    STYLE: str = "camelCase"
    DJANGO: str = "http://127.0.0.1:8000"  # where the server reaches Django
    ORIGINS: tuple[str, ...] = ()  # pages that may connect; without any, those of one machine
    SECRET_FILE: str = "livelog.secret"
    KEYS_FILE: str = "keys.jsonl"


NAMES = {field.name for field in fields(Config)}


def config() -> Config:
    """Reads the setting anew each time, so that tests can override it."""
    given: dict[str, Any] = getattr(settings, "LIVELOG", {})
    return Config(**{name: value for name, value in given.items() if name in NAMES})

"""System checks of the setting, each of which says what to do."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

from .conf import NAMES, config

SECRET_MINIMUM = 32  # bytes, as the server wants them


@register()
def check_setting(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    given = getattr(settings, "LIVELOG", {})
    if not isinstance(given, dict):
        return [Error("LIVELOG is not a dict.", hint='LIVELOG = {"URL": …}', id="livelog.E001")]
    found: list[CheckMessage] = []
    unknown = sorted(set(given) - NAMES)
    if unknown:
        found.append(
            Error(
                f"LIVELOG has unknown names: {', '.join(map(str, unknown))}.",
                hint=f"Known are {', '.join(sorted(NAMES))}.",
                id="livelog.E002",
            )
        )
    now = config()
    if not now.ENABLED:
        return found
    parts = urlsplit(now.URL)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        found.append(
            Error(
                "LIVELOG['URL'] is not the address of a server.",
                hint='Set it to for instance "http://127.0.0.1:8080", or ENABLED to False.',
                id="livelog.E003",
            )
        )
    if now.KEY and not now.KEY.startswith("llk_"):
        found.append(
            Error(
                "LIVELOG['KEY'] is not an API key.",
                hint="Make one: livelog keys make --file keys.jsonl --label app --action publish",
                id="livelog.E004",
            )
        )
    if now.SECRET and len(now.SECRET.encode()) < SECRET_MINIMUM:
        found.append(
            Error(
                f"LIVELOG['SECRET'] is shorter than {SECRET_MINIMUM} bytes.",
                hint="Use what `openssl rand -hex 32` prints, here and in the server's file.",
                id="livelog.E005",
            )
        )
    if not now.SECRET:
        found.append(
            Warning(
                "LIVELOG['SECRET'] is not set: every callback of the server is refused.",
                hint="Use what `openssl rand -hex 32` prints, here and in the server's file.",
                id="livelog.W001",
            )
        )
    return found

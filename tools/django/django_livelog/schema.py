"""The server's configuration, from what is registered. The same project gives the same text."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.urls import reverse

from . import callbacks
from .conf import config
from .registry import ALL_OF, MODELS, ROUTERS, Registered


def who(view: Any) -> Any:
    """The view's rules as one. The server asks one thing of a view: checks share a name."""
    asks = [rule["ask"] for rule in view.rules() if isinstance(rule, dict)]
    rules: list[Any] = [rule for rule in view.rules() if not isinstance(rule, dict)]
    if asks:
        rules.append({"ask": ALL_OF.join(asks)})
    if not rules:
        return "everyone"
    return rules[0] if len(rules) == 1 else {"all": rules}


def described(entry: Registered) -> dict[str, Any]:
    meta = entry.model._meta
    found: dict[str, Any] = {"key": meta.pk.attname, "groups": entry.groups}
    if entry.aliases:
        found["aliases"] = entry.aliases
    if entry.lookup:
        found["lookup"] = entry.lookup
    found["style"] = config().STYLE
    if entry.is_plain:
        found["views"] = [{"name": view.name, "who": "everyone"} for view in entry.views.values()]
    else:
        found["views"] = [
            {"name": view.name, "rendering": view.name, "who": who(view)}
            for view in entry.views.values()
        ]
    found["publish"] = "nobody"
    return found


def schema(django: str | None = None) -> str:
    """The text. `django` is where the server reaches Django, otherwise than LIVELOG says.

    Raises NoReverseMatch if the project's URLs do not include those of this package.
    """
    now = config()
    cookies = [settings.SESSION_COOKIE_NAME]
    base = (django or now.DJANGO).rstrip("/")
    connect, decide = base + reverse(callbacks.connect), base + reverse(callbacks.decide)
    lines = [
        "# Written by manage.py livelog_schema.",
        "connect_callback: "
        + flow({"url": connect, "secret_file": now.SECRET_FILE, "cookies": cookies}),
    ]
    if now.ORIGINS:
        lines.append("origins: " + flow(list(now.ORIGINS)))
    if any(
        "ask" in rule
        for entry in MODELS.values()
        for view in entry.views.values()
        for rule in view.rules()
        if isinstance(rule, dict)
    ):
        lines.append(
            "decision_callback: "
            + flow({"url": decide, "secret_file": now.SECRET_FILE, "timeout": 2})
        )
    lines += ["api_keys: " + flow(now.KEYS_FILE), "models:"]
    for label in sorted(MODELS):
        lines.append(f"  {flow(label)}:")
        for name, value in described(MODELS[label]).items():
            if name == "views":
                lines.append("    views:")
                lines += [f"      - {flow(view)}" for view in value]
            else:
                lines.append(f"    {name}: {flow(value)}")
    if ROUTERS:
        from .routers import rest_live_paths

        paths = rest_live_paths()
        if paths:
            lines += ["rest_live:", "  paths:"]
            lines += [f"    - {flow(path)}" for path in paths]
    return "\n".join(lines) + "\n"


def flow(value: Any) -> str:
    """JSON, which YAML has as its flow style."""
    return json.dumps(value, ensure_ascii=False)

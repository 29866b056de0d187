"""Which serializers show which models, by which groups, to whom."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import FieldDoesNotExist

from .permissions import rule_of


def group_name(model: Any, key: str) -> str:
    """`pk` is the primary key's column, and a foreign key `list` is `list_id`."""
    if key == "pk":
        return model._meta.pk.attname
    try:
        return getattr(model._meta.get_field(key), "attname", key)
    except FieldDoesNotExist:
        return key  # a property of the class


@dataclass
class View:
    """One serializer of a model, with the checks of its decorators by group."""

    serializer: Any
    checks: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.serializer.__name__

    def rules(self) -> list[Any]:
        """All have to admit a reader: with several checks nobody gets past the strictest."""
        found: list[Any] = []
        for group, check in self.checks.items():
            rule: Any = rule_of(check) or {"ask": f"{self.name}.{group}"}
            if rule != "everyone" and rule not in found:
                found.append(rule)
        return found


@dataclass
class Registered:
    """A model, and its views and groups in the order in which they were registered."""

    model: Any
    views: dict[str, View] = field(default_factory=dict)
    groups: list[str] = field(default_factory=list)

    @property
    def label(self) -> str:
        return self.model._meta.label

    @property
    def is_plain(self) -> bool:
        """One serializer that everybody may see: then its data is the instance (see records)."""
        return len(self.views) == 1 and not next(iter(self.views.values())).rules()


MODELS: dict[str, Registered] = {}


def register(serializer: Any, key: str, check: Any) -> None:
    model = serializer.Meta.model
    entry = MODELS.setdefault(model._meta.label, Registered(model))
    group = group_name(model, key)
    view = entry.views.setdefault(serializer.__name__, View(serializer))
    if view.serializer.__module__ != serializer.__module__:
        # Views go by the class's name: the second would take the first one's place, and checks.
        raise RuntimeError(
            f"two serializers of {entry.label} are called {view.name}: rename one of them"
        )
    view.serializer = serializer
    view.checks[group] = check
    if group not in entry.groups:
        entry.groups.append(group)
    from .capture import listen

    listen(model)


def check_named(label: str, ask: str) -> Any:
    """The check that the server asks for. KeyError if there is none: then it is a no."""
    name, _, group = ask.partition(".")
    return MODELS[label].views[name].checks[group]

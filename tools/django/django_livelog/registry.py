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
    views: dict[str, Any] = field(default_factory=dict)
    groups: list[str] = field(default_factory=list)
    lookup: str | None = None  # what clients look rows up by, if not by the key

    @property
    def label(self) -> str:
        return self.model._meta.label

    @property
    def aliases(self) -> dict[str, str]:
        """Names of foreign keys, and the columns that they are as groups."""
        return {
            field.name: field.attname
            for field in self.model._meta.concrete_fields
            if field.name != field.attname and field.attname in self.groups
        }

    def members(self, rows: list[Any], action: str, using: str) -> dict[Any, Any]:
        """What is shown of the rows, by key: all of them, as they are."""
        return {self.model._meta.pk.to_python(row.pk): row for row in rows}

    def shown(self, keys: list[Any], using: str) -> set[Any] | None:
        """Which of these rows are shown as the database has them; None if all are."""
        return None

    def render(self, view: Any, row: Any) -> Any:
        return view.serializer(row).data

    def check(self, ask: str) -> Any:
        """The check that the server asks for. KeyError if there is none: then it is a no."""
        name, _, group = ask.partition(".")
        return self.views[name].checks[group]

    @property
    def is_plain(self) -> bool:
        """One serializer that everybody may see: then its data is the instance (see records)."""
        return len(self.views) == 1 and not next(iter(self.views.values())).rules()


# Between the names of checks that all have to hold, in what the server asks.
ALL_OF = " & "

# By what they are called in the log: a router with a name shows a model by another label.
MODELS: dict[str, Registered] = {}
ROUTERS: dict[str, Any] = {}


def add(entry: Registered, replace: bool = False) -> None:
    """Shows an entry's model under its label, which nothing else may be shown under."""
    if entry.label in MODELS and not replace:
        raise RuntimeError(
            f"{entry.label} is registered already: give the second router a name of its own"
        )
    MODELS[entry.label] = entry
    from .capture import listen

    listen(entry.model)


def entries_of(model: Any) -> list[Registered]:
    """All that show the model, in the order in which they were registered."""
    label = model._meta.label
    return [entry for entry in MODELS.values() if entry.model._meta.label == label]


def register(serializer: Any, key: str, check: Any) -> None:
    model = serializer.Meta.model
    entry = MODELS.get(model._meta.label)
    if entry is None:
        add(entry := Registered(model))
    elif type(entry) is not Registered:
        raise RuntimeError(f"{entry.label} is shown by a view: give that view's router a name")
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

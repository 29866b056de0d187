"""Routers of realtime views, as django-rest-live had them.

The default router publishes a view's model under its label. One with a name has a path of its own,
and publishes under LABEL@NAME in the same batch: so two routers may show one model differently.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db import connections, transaction
from rest_framework.generics import GenericAPIView

from .mixins import RealtimeMixin, permits, rendered
from .permissions import rule_of
from .registry import ROUTERS, Registered, add, group_name

NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
# What narrows a list by query parameters only. Others may do so by who asks.
HARMLESS_FILTERS = {
    "rest_framework.filters.SearchFilter",
    "rest_framework.filters.OrderingFilter",
    "django_filters.rest_framework.backends.DjangoFilterBackend",
}


@dataclass
class RoutedView:
    """A serializer of a realtime view, with the check that guards it beside the view's own."""

    entry: Routed
    serializer: Any
    check: Any

    @property
    def name(self) -> str:
        return self.serializer.__name__

    def rules(self) -> list[Any]:
        """All have to admit a reader: the router, the view's permissions and the check."""
        rules: list[Any] = [] if self.entry.public else ["authenticated"]
        rules += self.entry.permission_rules()
        rules.append(rule_of(self.check) or {"ask": f"{self.entry.view.__name__}.{self.name}"})
        return [r for n, r in enumerate(rules) if r != "everyone" and r not in rules[:n]]


@dataclass
class Routed(Registered):
    """A model as a realtime view shows it."""

    view: Any = None
    router: str | None = None
    public: bool = True

    @property
    def label(self) -> str:
        label = self.model._meta.label
        return label if self.router is None else f"{label}@{self.router}"

    def permission_rules(self) -> list[Any]:
        asked: list[Any] = [{"ask": self.view.__name__}]
        if overridden(
            self.view, "get_permissions", "check_permissions", "check_object_permissions"
        ):
            return asked
        rules: list[Any] = []
        for permission in self.view.permission_classes:
            rules += [rule_of(permission)] if rule_of(permission) else asked
        return rules

    def kwargs(self, row: Any) -> dict[str, Any]:
        """What a client can have named to see this row, as view_kwargs."""
        found = {name: getattr(row, name) for name in self.groups}
        found.update({name: found[group] for name, group in self.aliases.items()})
        found["pk"] = row.pk
        name = self.view.lookup_url_kwarg or self.view.lookup_field
        found[name] = getattr(row, self.view.lookup_field)
        return found

    def members(self, rows: list[Any], action: str, using: str) -> dict[Any, Any]:
        """The rows that the view shows, as its queryset gives them, by one query."""
        if action == "DELETED":
            return {}
        found = self.query([row.pk for row in rows], using, lambda rows: rows)
        return {row.pk: row for row in found}

    def shown(self, keys: list[Any], using: str) -> set[Any] | None:
        return set(self.query(keys, using, lambda rows: rows.values_list("pk", flat=True)))

    def query(self, keys: list[Any], using: str, of: Any) -> list[Any]:
        found = self.view().get_realtime_queryset().using(using).order_by().filter(pk__in=keys)
        if not connections[using].in_atomic_block:
            return list(of(found))
        # A query that fails is not to take the application's transaction with it.
        with transaction.atomic(using=using):
            return list(of(found))

    def render(self, view: Any, row: Any) -> Any:
        return rendered(self.view, view.serializer, row, self.kwargs(row))

    def check(self, ask: str) -> Any:
        name, _, serializer = ask.partition(".")
        if name != self.view.__name__:
            raise KeyError(ask)
        if serializer:
            return self.views[serializer].check
        return lambda user, row: permits(self.view, user, row, self.kwargs(row))


def overridden(view: Any, *names: str) -> list[str]:
    return [name for name in names if getattr(view, name) is not getattr(GenericAPIView, name)]


def require_static(view: Any) -> None:
    """Refuses views that may show each user something else, as all would be shown one thing."""
    name = view.__name__
    if view.realtime_serializers is None:
        dynamic = overridden(
            view, "get_serializer_class", "get_serializer", "get_serializer_context"
        )
        if dynamic:
            raise RuntimeError(
                f"{name}.{dynamic[0]} may depend on the user, and a row is serialized for all at "
                f"once: set {name}.realtime_serializers to pairs of a serializer and a check"
            )
        if view.serializer_class is None:
            raise AssertionError(f"{name} has no serializer_class, nor realtime_serializers")
    if view.get_realtime_queryset is not RealtimeMixin.get_realtime_queryset:
        return
    dynamic = overridden(view, "get_queryset", "filter_queryset")
    for backend in view.filter_backends:
        backend_name = f"{backend.__module__}.{backend.__qualname__}"
        if backend_name not in HARMLESS_FILTERS or getattr(view, "filterset_class", None):
            dynamic.append(backend.__name__)
    if dynamic:
        raise RuntimeError(
            f"{name}: {dynamic[0]} may depend on the user: define get_realtime_queryset, which "
            "gives the rows that may be shown at all, and say by permission_classes to whom"
        )
    if view.queryset.query.is_sliced:
        raise RuntimeError(f"{name}.queryset is a slice: what leaves it cannot be told")


def groups_of(view: Any, model: Any) -> list[str]:
    meta = model._meta
    wanted = view.realtime_groups
    if wanted is None:
        fields = {field.name: field for field in meta.concrete_fields}
        wanted = [name for name, field in fields.items() if field.is_relation]
        filters = getattr(view, "filterset_fields", None) or []
        wanted += [name for name in filters if name in fields]
    found: list[str] = []
    for key in ["pk", view.lookup_field, *wanted]:
        name = group_name(model, key)
        try:
            meta.get_field(name)
        except FieldDoesNotExist:
            if not hasattr(model, name):
                raise RuntimeError(
                    f"{view.__name__}: {meta.label} has no field or property {key}"
                ) from None
        if name not in found:
            found.append(name)
    return found


class RealtimeRouter:
    """Shows realtime views. `public=False` lets only who is logged in connect, at its path."""

    def __init__(
        self, name: str | None = None, *, public: bool = True, path: str | None = None
    ) -> None:
        if name is None and (path is not None or not public):
            raise RuntimeError(
                "only a router with a name has a path of its own, which may be private: "
                'RealtimeRouter("private", public=False)'
            )
        if name is not None and not NAME.fullmatch(name):
            raise RuntimeError(f"a router's name is of letters, digits, _ and -, not {name!r}")
        if name is not None and name in ROUTERS:
            raise RuntimeError(f"two routers are called {name}")
        self.name, self.public, self.path = name, public, path or f"/ws/{name}/"
        self.registry: dict[str, Any] = {}
        if name is not None:
            ROUTERS[name] = self

    def register_all(self, views: Iterable[Any]) -> None:
        for view in views:
            self.register(view)

    def register(self, view: Any) -> None:
        if not (isinstance(view, type) and issubclass(view, RealtimeMixin)):
            name = getattr(view, "__name__", view)
            raise RuntimeError(f"the view {name} does not have RealtimeMixin")
        assert issubclass(view, GenericAPIView), f"{view.__name__} is no GenericAPIView"
        assert getattr(view, "queryset", None) is not None, (
            f"{view.__name__} has no `queryset`, which says what its model is: "
            "set it, if need be to Model.objects.none(), and define get_realtime_queryset"
        )
        require_static(view)
        queryset: Any = view.queryset
        model = queryset.model
        entry = Routed(model, view=view, router=self.name, public=self.public)
        entry.groups = groups_of(view, model)
        key = group_name(model, "pk")
        if group_name(model, view.lookup_field) != key:
            entry.lookup = group_name(model, view.lookup_field)
        for serializer, check in view.realtime_serializers or [(view.serializer_class, None)]:
            if serializer.__name__ in entry.views:
                raise RuntimeError(f"{view.__name__} has two serializers {serializer.__name__}")
            entry.views[serializer.__name__] = RoutedView(entry, serializer, check)
        if entry.label in self.registry:
            warnings.warn(
                f"{entry.label} has two views in one router: the last one counts",
                RuntimeWarning,
                stacklevel=2,
            )
        add(entry, replace=entry.label in self.registry)
        self.registry[entry.label] = view


def rest_live_paths() -> list[dict[str, Any]]:
    """The server's `rest_live.paths`: one for each router with a name that has views."""
    return [
        {
            "path": router.path,
            "who": "everyone" if router.public else "authenticated",
            "models": {label.rpartition("@")[0]: label for label in sorted(router.registry)},
        }
        for _, router in sorted(ROUTERS.items())
        if router.registry
    ]

"""Views of Django REST framework as readers of the log: what does not depend on who asks is found
when a row is saved, and who may see it is asked for each reader.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from rest_framework.exceptions import APIException
from rest_framework.request import Request


class RealtimeRequest(HttpRequest):
    """A GET that nobody sent. It came to no host, so that URLs made from it have none."""

    def build_absolute_uri(self, location: str | None = None) -> str:
        return location or "/"


def view_for(view: Any, user: Any, kwargs: dict[str, Any], action: str) -> Any:
    """The view as REST framework makes it for a GET of this user."""
    http = RealtimeRequest()
    http.method = "GET"
    http.user = user
    made = view()
    made.request = request = Request(http)
    request.user = user
    made.args, made.kwargs, made.format_kwarg, made.action = (), kwargs, None, action
    return made


class RealtimeMixin:
    """For a GenericAPIView that is given to a RealtimeRouter."""

    # Pairs of a serializer and a check, as `subscribable` takes them. A reader gets the first that
    # admits them. None: the view's serializer_class, for everybody.
    realtime_serializers: list[tuple[Any, Any]] | None = None

    # What clients may name in view_kwargs and query_params. None: the foreign keys, and those of
    # filterset_fields that are fields of the model. The key and lookup_field are always there.
    realtime_groups: list[str] | None = None

    def get_realtime_queryset(self) -> Any:
        """The rows that are shown at all, to whomever; what is annotated, serializers see."""
        return self.queryset.all()  # type: ignore[attr-defined]


def permits(view: Any, user: Any, row: Any, kwargs: dict[str, Any]) -> bool:
    """What the view's permissions say of reading the row.

    Who is shown a row may find it in a list and alone, so both have to be allowed, as far as the
    view does both. What the permissions raise besides a refusal is the caller's to treat as a no.
    """
    actions = [name for name in ("list", "retrieve") if hasattr(view, name)] or ["retrieve"]
    try:
        for action in actions:
            made = view_for(view, user, kwargs, action)
            made.check_permissions(made.request)
            made.check_object_permissions(made.request, row)
    except (APIException, Http404, PermissionDenied):
        return False
    return True


def rendered(view: Any, serializer: Any, row: Any, kwargs: dict[str, Any]) -> Any:
    """What the serializer gives to nobody in particular."""
    made = view_for(view, AnonymousUser(), kwargs, "retrieve")
    return serializer(row, context=made.get_serializer_context()).data

"""Checks: functions of (user, instance), or permission classes of Django REST framework."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from rest_framework.permissions import AllowAny, IsAdminUser, IsAuthenticated
from rest_framework.request import Request
from rest_framework.views import APIView

# Exactly these classes: a subclass may decide otherwise.
WELL_KNOWN: dict[Any, str] = {
    AllowAny: "everyone",
    IsAuthenticated: "authenticated",
    IsAdminUser: "staff",
}


def rule_of(check: Any) -> str | None:
    """The server's own rule that says what the check says, or None if Django has to be asked."""
    if check is None:
        return "everyone"
    return WELL_KNOWN.get(check if isinstance(check, type) else type(check))


def is_permission(check: Any) -> bool:
    """A class, one of its instances, or `A & B`, which is neither until it is called."""
    return (
        isinstance(check, type)
        or hasattr(check, "has_object_permission")
        or hasattr(check, "operator_class")
    )


def allows(check: Any, user: Any, instance: Any) -> bool:
    """What the check says. What it raises is the caller's to treat as a no."""
    if check is None:
        return True
    if not is_permission(check):
        return bool(check(user, instance))
    permission = (
        check if hasattr(check, "has_permission") and not isinstance(check, type) else check()
    )
    http = HttpRequest()
    http.method = "GET"
    http.user = user
    request = Request(http)
    request.user = user
    view: Any = APIView()
    view.request, view.args, view.kwargs, view.action = request, (), {}, "retrieve"
    return bool(
        permission.has_permission(request, view)
        and permission.has_object_permission(request, view, instance)
    )

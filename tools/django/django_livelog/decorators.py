"""The decorator, as django-rest-live had it."""

from __future__ import annotations

from typing import Any, Callable, TypeVar

from .registry import register

S = TypeVar("S", bound=type)


def subscribable(group_key: str = "pk", check_permission: Any = None) -> Callable[[S], S]:
    """Publishes what a ModelSerializer shows of its model, by this group.

    `check_permission` is a function of (user, instance), or a permission class of Django REST
    framework. The decorator stacks, and several serializers may show one model: a reader gets the
    first, in the order of registration, whose checks all admit them.
    """

    def decorate(serializer: S) -> S:
        register(serializer, group_key, check_permission)
        return serializer

    return decorate

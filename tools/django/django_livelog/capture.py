"""From Django's signals to batches: a transaction is one batch, in order.

Each change is a hook of its own on the transaction, so that Django forgets those of a savepoint
that is rolled back. A last hook sends what the others gathered. Old values of groups are not
published: the server has them from the record before.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from functools import partial
from itertools import islice
from typing import Any

from django.db import connections, models, transaction
from django.db.models import signals

from . import outbox, sender
from .conf import config
from .records import Change, change, gone
from .registry import entries_of

log = logging.getLogger("django_livelog")

CHUNK = 500  # rows that a view's queryset is asked for at once


class Gathered:
    """What one transaction has committed so far, while its hooks run."""

    def __init__(self) -> None:
        self.changes: list[Change] = []

    def add(self, changes: list[Change]) -> None:
        self.changes.extend(changes)

    def send(self) -> None:
        changes, self.changes = self.changes, []
        if changes:
            sender.publish(changes)


def publish(changes: list[Change], using: str) -> None:
    """Sends the changes when the connection's transaction is committed, at once without one."""
    if not changes:
        return
    if config().OUTBOX and sender.captured is None:
        outbox.write(changes, using)
        return
    connection = connections[using]
    if not connection.in_atomic_block:
        if connection.get_autocommit():
            sender.publish(changes)
        else:
            # Django runs no hooks at such a commit, and what may be rolled back is not sent.
            sender.COUNTS["without-atomic"] += len(changes)
            log.error("%d changes are not published: use transaction.atomic()", len(changes))
        return
    # The hook that sends stays behind all others. It belongs to no savepoint (the empty set).
    hooks: list[Any] = connection.run_on_commit
    gathered = None
    for place in range(len(hooks) - 1, -1, -1):
        hook = hooks[place][1]
        owner = getattr(hook, "__self__", None)
        if isinstance(owner, Gathered) and hook == owner.send:
            gathered = owner
            del hooks[place]
            break
    if gathered is None:
        gathered = Gathered()
    transaction.on_commit(partial(gathered.add, changes), using=using, robust=True)
    hooks.append((set(), gathered.send, True))


Before = dict  # by label, the keys of rows that were shown before a change


def before(model: Any, keys: list[Any], using: str) -> Before:
    """Which rows views show now, for when they are changed or deleted. Others are shown always.

    It cannot be known from the row in memory, and the server tells readers of each DELETED: so of
    a row that was never shown not even the end is published. What cannot be read is left out,
    and then a row counts as shown: its end is rather published twice than not at all.
    """
    found: Before = {}
    if not config().ENABLED:
        return found
    for entry in entries_of(model):
        try:
            shown: set[Any] | None = set()
            for first in range(0, len(keys), CHUNK):
                some = entry.shown(keys[first : first + CHUNK], using)
                shown = None if some is None or shown is None else shown | some
            if shown is not None:
                found[entry.label] = shown
        except Exception:
            log.exception("rows of %s cannot be read", entry.label)
    return found


def changes(
    some: list[models.Model], action: str, using: str, was: Before | None = None
) -> list[Change]:
    """The changes of rows of one model, row by row, for each that shows it."""
    was = was or {}
    entries = entries_of(type(some[0]))
    members: dict[str, dict[Any, models.Model]] = {}
    for entry in entries:
        try:
            members[entry.label] = entry.members(some, action, using)
        except Exception:
            sender.COUNTS["unserializable"] += len(some)
            log.exception("rows of %s cannot be read, and are not published", entry.label)
    made: list[Change] = []
    for row in some:
        for entry in entries:
            if entry.label not in members:
                continue
            key = entry.model._meta.pk.to_python(row.pk)  # as queries give it
            shown = members[entry.label].get(key)
            was_shown = key in was.get(entry.label, [key])
            try:
                if shown is not None:
                    entered = action == "UPDATED" and not was_shown
                    made.append(change(entry, shown, "CREATED" if entered else action))
                    continue
            except Exception:
                sender.count("unserializable")
                log.exception(
                    "a change of %s cannot be serialized, and is not published", entry.label
                )
                if action != "DELETED":
                    continue
            if action != "CREATED" and was_shown:
                made.append(gone(entry, row))
    return made


def rows(found: Iterable[models.Model], action: str, using: str, was: Before | None = None) -> None:
    """Publishes registered rows. A serializer that raises costs its row, not the request."""
    if not config().ENABLED:
        return
    made: list[Change] = []
    remaining = iter(found)
    while some := list(islice(remaining, CHUNK)):
        made += changes(some, action, using, was)
    publish(made, using)


def touch(found: Any) -> None:
    """Publishes a row, or those of a queryset, as they are: what they are made of has changed."""
    if isinstance(found, models.Model):
        rows([found], "UPDATED", found._state.db or "default")
    else:
        rows(found.iterator(chunk_size=1000), "UPDATED", found.db)


def saving(sender: Any, instance: Any, using: str, **kwargs: Any) -> None:
    if instance.pk is not None and not instance._state.adding:
        instance._livelog_before = before(type(instance), [instance.pk], using)


def saved(sender: Any, instance: Any, created: bool, using: str, **kwargs: Any) -> None:
    was = instance.__dict__.pop("_livelog_before", None)
    rows([instance], "CREATED" if created else "UPDATED", using, was)


def deleting(sender: Any, instance: Any, using: str, **kwargs: Any) -> None:
    instance._livelog_before = before(type(instance), [instance.pk], using)


def deleted(sender: Any, instance: Any, using: str, **kwargs: Any) -> None:
    rows([instance], "DELETED", using, instance.__dict__.pop("_livelog_before", None))


def listen(model: Any) -> None:
    """Only registered models: a listener to all would cost every model its fast deletes."""
    signals.pre_save.connect(saving, sender=model, dispatch_uid="django_livelog")
    signals.pre_delete.connect(deleting, sender=model, dispatch_uid="django_livelog")
    signals.post_save.connect(saved, sender=model, dispatch_uid="django_livelog")
    signals.post_delete.connect(deleted, sender=model, dispatch_uid="django_livelog")

"""From Django's signals to batches: a transaction is one batch, in order.

Each change is a hook of its own on the transaction, so that Django forgets those of a savepoint
that is rolled back. A last hook sends what the others gathered. Old values of groups are not
published: the server has them from the record before.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from functools import partial
from typing import Any

from django.db import connections, models, transaction
from django.db.models import signals

from . import sender
from .conf import config
from .records import Change, change
from .registry import MODELS

log = logging.getLogger("django_livelog")


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
    hooks = connection.run_on_commit
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
    connection.run_on_commit.append((set(), gathered.send, True))


def rows(found: Iterable[models.Model], action: str, using: str) -> None:
    """Publishes registered rows. A serializer that raises costs its row, not the request."""
    if not config().ENABLED:
        return
    made: list[Change] = []
    for row in found:
        entry = MODELS.get(row._meta.label)
        if entry is None:
            continue
        try:
            made.append(change(entry, row, action))
        except Exception:
            sender.count("unserializable")
            log.exception("a change of %s cannot be serialized, and is not published", entry.label)
            if action == "DELETED":
                key = entry.model._meta.pk
                text = row.pk if isinstance(row.pk, (int, str)) else str(row.pk)
                made.append(
                    {
                        "model": entry.label,
                        "action": action,
                        "key": text,
                        "instance": {key.attname: text},
                    }
                )
    publish(made, using)


def touch(found: Any) -> None:
    """Publishes a row, or those of a queryset, as they are: what they are made of has changed."""
    if isinstance(found, models.Model):
        rows([found], "UPDATED", found._state.db or "default")
    else:
        rows(found.iterator(chunk_size=1000), "UPDATED", found.db)


def saved(sender: Any, instance: Any, created: bool, using: str, **kwargs: Any) -> None:
    rows([instance], "CREATED" if created else "UPDATED", using)


def deleted(sender: Any, instance: Any, using: str, **kwargs: Any) -> None:
    rows([instance], "DELETED", using)


def listen(model: Any) -> None:
    """Only registered models: a listener to all would cost every model its fast deletes."""
    signals.post_save.connect(saved, sender=model, dispatch_uid="django_livelog")
    signals.post_delete.connect(deleted, sender=model, dispatch_uid="django_livelog")

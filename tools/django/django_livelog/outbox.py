"""At least once: changes are written beside the rows, in the same transaction, and sent later.

Whatever is committed is in the table, and what is rolled back is not, savepoints too. One process
sends what is there, `manage.py livelog_outbox`. It takes an entry away when the server has it; if
it dies in between, the batch is sent again with the same key, and the server takes it once.
"""

from __future__ import annotations

import json
import logging
import uuid
from typing import Any

from django.db import connections, transaction

from . import sender
from .models import OutboxEntry
from .records import Change

log = logging.getLogger("django_livelog")


class Batch:
    """The key of one transaction's batch. Django forgets its hooks when the transaction ends."""

    def __init__(self) -> None:
        self.key = uuid.uuid4()

    def committed(self) -> None:
        """There is nothing to do: the entries are in the table."""


def batch_of(connection: Any) -> uuid.UUID:
    """The key of the connection's transaction, the same for as long as it lasts."""
    for _, hook, *_ in connection.run_on_commit:
        owner = getattr(hook, "__self__", None)
        if isinstance(owner, Batch):
            return owner.key
    batch = Batch()
    # It belongs to no savepoint (the empty set), so none takes it away.
    connection.run_on_commit.append((set(), batch.committed, True))
    return batch.key


def write(changes: list[Change], using: str) -> None:
    """Writes changes beside the rows. Without a transaction they are a batch of their own."""
    connection = connections[using]
    key = batch_of(connection) if connection.in_atomic_block else uuid.uuid4()
    text = json.dumps(changes, ensure_ascii=False, separators=(",", ":"))
    OutboxEntry.objects.using(using).create(batch=key, changes=text)


def send_next(using: str = "default") -> bool:
    """Sends the oldest batch, and takes it out of the table. False if there is none.

    Raises sender.Unavailable if the server cannot take it now. A second process that sends waits
    at the same entry where the database locks rows; elsewhere the key keeps what both send single.
    """
    entries = OutboxEntry.objects.using(using)
    with transaction.atomic(using=using):
        first = entries.filter(refusal=None).select_for_update().order_by("id").first()
        if first is None:
            return False
        batch = entries.filter(batch=first.batch).order_by("id")
        changes = [change for entry in batch for change in json.loads(entry.changes)]
        try:
            for place, (size, body) in enumerate(sender.split(changes)):
                sender.post(body, f"{first.batch}-{place}")
                sender.COUNTS["sent"] += size
        except sender.Refused as refusal:
            # Others are not held up, and this one is there to be looked at.
            sender.COUNTS["refused"] += len(changes)
            log.error("Livelog refuses %d changes: %s", len(changes), refusal)
            batch.update(refusal=str(refusal))
        else:
            batch.delete()
    return True

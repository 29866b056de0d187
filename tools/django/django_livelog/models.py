"""The outbox: what is committed and not published yet, for projects that set LIVELOG["OUTBOX"]."""

from __future__ import annotations

from typing import Any

from django.db import models


class OutboxEntry(models.Model):
    """Some changes of a transaction. All entries with its `batch` are one batch, in order."""

    # Idempotency key of the batch: the server takes it once, however often it is sent.
    batch: models.UUIDField[Any, Any] = models.UUIDField(db_index=True)
    changes: models.TextField[Any, Any] = models.TextField()  # a JSON array
    # What the server said, if it does not take the batch and never will.
    refusal: models.TextField[Any, Any] = models.TextField(null=True)

    class Meta:
        db_table = "livelog_outbox"

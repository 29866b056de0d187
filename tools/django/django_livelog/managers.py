"""Bulk operations, which send no signals, for models that ask for it."""

from __future__ import annotations

from typing import Any

from django.db import models, transaction

from . import capture


class LiveQuerySet(models.QuerySet):
    """Publishes `update`, `bulk_update` (which is made of updates) and `bulk_create`.

    `delete` and cascades need nothing: Django sends their signals for registered models.
    """

    def update(self, **values: Any) -> int:
        with transaction.atomic(using=self.db):
            # Known before, as the rows may not match the filter any more afterwards.
            keys = list(self.values_list("pk", flat=True))
            was = capture.before(self.model, keys, self.db)
            updated = super().update(**values)
            manager = self.model._base_manager.using(self.db)
            for first in range(0, len(keys), 500):
                found = manager.filter(pk__in=keys[first : first + 500]).order_by("pk")
                capture.rows(found, "UPDATED", self.db, was)
        return updated

    update.alters_data = True  # type: ignore[attr-defined]

    def bulk_create(self, objs: Any, *args: Any, **kwargs: Any) -> Any:
        with transaction.atomic(using=self.db):
            made = super().bulk_create(objs, *args, **kwargs)
            if kwargs.get("ignore_conflicts") or kwargs.get("update_conflicts"):
                capture.log.warning("bulk_create with conflicts is not published: use touch()")
            else:
                capture.rows(made, "CREATED", self.db)
        return made


LiveManager = models.Manager.from_queryset(LiveQuerySet)

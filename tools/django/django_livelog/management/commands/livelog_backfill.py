from __future__ import annotations

import time
import uuid
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from django_livelog import sender
from django_livelog.records import change, gone
from django_livelog.registry import MODELS


class Command(BaseCommand):
    help = "Publishes what is in the database, as UPDATED, in the order of the keys."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("models", nargs="*", help="labels; all that are registered without any")
        parser.add_argument("--batch", type=int, default=500)
        parser.add_argument("--after", help="go on after this key (of one model)")
        parser.add_argument("--database", default="default")

    def handle(
        self,
        *labels: Any,
        models: list[str],
        batch: int,
        after: str | None,
        database: str,
        **options: Any,
    ) -> None:
        unknown = [label for label in models if label not in MODELS]
        if unknown:
            raise CommandError(f"not registered: {', '.join(unknown)}")
        if after is not None and len(models) != 1:
            raise CommandError("--after needs exactly one model")
        for label in models or sorted(MODELS):
            done, last = 0, after
            while True:
                # Rows stay locked until the server has them, so that who changes one meanwhile
                # publishes after this. (SQLite locks no rows: backfill while nothing writes.)
                with transaction.atomic(using=database):
                    found = MODELS[label].model._base_manager.using(database).order_by("pk")
                    if last is not None:
                        found = found.filter(pk__gt=last)
                    rows = list(found.select_for_update(of=("self",))[:batch])
                    if not rows:
                        break
                    shown = MODELS[label].members(rows, "UPDATED", database)
                    changes = [
                        change(MODELS[label], shown[row.pk], "UPDATED")
                        if row.pk in shown
                        else gone(MODELS[label], row)
                        for row in rows
                    ]
                    for _, body in sender.split(changes):
                        self.post(body, label, last)
                done, last = done + len(rows), rows[-1].pk
                self.stdout.write(f"{label}: {done} published, go on with --after {last}")

    def post(self, body: bytes, label: str, last: Any) -> None:
        key, pause = str(uuid.uuid4()), sender.PAUSE_FIRST
        for _ in range(10):
            try:
                return sender.post(body, key)
            except sender.Unavailable as error:
                time.sleep(max(error.after, pause))
                pause = min(pause * 2, sender.PAUSE_LONGEST)
            except sender.Refused as error:
                raise CommandError(f"{label} after {last}: {error}") from None
        raise CommandError(f"{label}: the server is away; go on with --after {last}")

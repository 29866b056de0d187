from __future__ import annotations

import time
from typing import Any

from django.core.management.base import BaseCommand
from django.db import close_old_connections

from django_livelog import outbox, sender


class Command(BaseCommand):
    help = 'Sends what is in the outbox, in order, until it is stopped. For LIVELOG["OUTBOX"].'

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--once", action="store_true", help="end when the outbox is empty")
        parser.add_argument("--poll", type=float, default=0.2, help="seconds between two looks")
        parser.add_argument("--database", default="default")

    def handle(self, *args: Any, once: bool, poll: float, database: str, **options: Any) -> None:
        pause = sender.PAUSE_FIRST
        while True:
            try:
                if outbox.send_next(database):
                    pause = sender.PAUSE_FIRST
                    continue
            except sender.Unavailable as error:
                self.stderr.write(f"Livelog cannot be reached, trying again: {error}")
                time.sleep(max(error.after, pause))
                pause = min(pause * 2, sender.PAUSE_LONGEST)
                continue
            if once:
                return
            time.sleep(poll)
            # What the database closed meanwhile is opened again.
            close_old_connections()

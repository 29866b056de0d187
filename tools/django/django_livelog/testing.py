"""For tests of applications: what would be sent. `LIVELOG = {"ENABLED": False}` switches it off.

Django's TestCase never commits: use `captureOnCommitCallbacks(execute=True)` inside, or
TransactionTestCase.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from . import sender
from .records import Change


@contextmanager
def capture() -> Iterator[list[list[Change]]]:
    """Gathers the batches that are published meanwhile, and sends none."""
    before, sender.captured = sender.captured, []
    try:
        yield sender.captured
    finally:
        sender.captured = before

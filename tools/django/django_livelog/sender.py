"""A thread that posts batches in order, so that no request waits for the server."""

from __future__ import annotations

import atexit
import json
import logging
import os
import random
import threading
import time
import urllib.error
import urllib.request
import uuid
from collections import Counter, deque

from .conf import config
from .records import Change

log = logging.getLogger("django_livelog")

BATCH_CHANGES = 100_000  # the server's own limits of a request
BATCH_BYTES = 15 << 20
INSTANCE_BYTES = 1 << 20
PAUSE_FIRST, PAUSE_LONGEST = 0.1, 10.0


class Refused(Exception):
    """The server does not take the batch, and never will."""


class Unavailable(Exception):
    """The server cannot be reached or is not ready; `after` is what it asks to wait."""

    def __init__(self, text: str, after: float = 0) -> None:
        super().__init__(text)
        self.after = after


def split(changes: list[Change]) -> list[tuple[int, bytes]]:
    """The bodies of one transaction: one, unless it has more than the server takes at once."""
    bodies: list[tuple[int, bytes]] = []
    lines: list[bytes] = []
    size = 0
    for change in changes:
        line = json.dumps(change, ensure_ascii=False, separators=(",", ":")).encode()
        if len(line) > INSTANCE_BYTES:
            count("too-large")
            log.error("a change of %s is larger than 1 MiB, and dropped", change["model"])
            continue
        if lines and (len(lines) == BATCH_CHANGES or size + len(line) > BATCH_BYTES):
            bodies.append((len(lines), b"[" + b",".join(lines) + b"]"))
            lines, size = [], 0
        lines.append(line)
        size += len(line) + 1
    if lines:
        bodies.append((len(lines), b"[" + b",".join(lines) + b"]"))
    if len(bodies) > 1:
        log.warning("a transaction is too large for one batch, and is sent as %d", len(bodies))
    return bodies


def post(body: bytes, key: str) -> None:
    """Posts a batch once. Raises Refused or Unavailable."""
    now = config()
    headers = {"Content-Type": "application/json", "Idempotency-Key": key}
    if now.KEY:
        headers["Authorization"] = f"Bearer {now.KEY}"
    request = urllib.request.Request(now.URL.rstrip("/") + "/v1/changes", body, headers)
    try:
        with urllib.request.urlopen(request, timeout=now.TIMEOUT) as answer:
            answer.read()
    except urllib.error.HTTPError as error:
        text = error.read(4096).decode(errors="replace")
        if error.code >= 500 or error.code in (408, 429):
            after = error.headers.get("Retry-After", "")
            raise Unavailable(text, min(int(after), 60) if after.isdigit() else 0) from None
        raise Refused(f"{error.code}: {text}") from None
    except Exception as error:  # refused, reset, timed out, no valid answer
        raise Unavailable(f"{type(error).__name__}: {error}") from None


class Sender:
    """A queue, bounded by LIVELOG["QUEUE_LIMIT"] changes, and the thread that empties it."""

    def __init__(self) -> None:
        self.queue: deque[tuple[int, bytes, str]] = deque()
        self.waiting = 0
        self.wake = threading.Condition()
        self.thread: threading.Thread | None = None

    def put(self, size: int, body: bytes) -> None:
        with self.wake:
            if self.waiting + size > config().QUEUE_LIMIT:
                COUNTS["dropped"] += size
                log.error(
                    "%d changes dropped: more than LIVELOG['QUEUE_LIMIT'] would wait (%d dropped "
                    "so far); is the server away?",
                    size,
                    COUNTS["dropped"],
                )
                return
            self.waiting += size
            self.queue.append((size, body, str(uuid.uuid4())))
            if self.thread is None:
                self.thread = threading.Thread(target=self.run, name="livelog", daemon=True)
                self.thread.start()
            self.wake.notify_all()

    def run(self) -> None:
        pause = PAUSE_FIRST
        while True:
            with self.wake:
                while not self.queue:
                    self.wake.wait()
                size, body, key = self.queue[0]
            try:
                post(body, key)
                COUNTS["sent"] += size
            except Unavailable as error:
                log.warning("Livelog cannot be reached, trying again: %s", error)
                COUNTS["retries"] += 1
                time.sleep(max(error.after, pause * random.uniform(0.5, 1)))
                pause = min(pause * 2, PAUSE_LONGEST)
                continue
            except Exception as error:
                COUNTS["refused"] += size
                log.error("Livelog refuses %d changes, which are dropped: %s", size, error)
            pause = PAUSE_FIRST
            with self.wake:
                self.queue.popleft()
                self.waiting -= size
                self.wake.notify_all()

    def flush(self, deadline: float) -> bool:
        """Waits until nothing is queued, at most so many seconds. False if something is left."""
        with self.wake:
            done = self.wake.wait_for(lambda: not self.queue, deadline)
        return done


COUNTS: Counter[str] = Counter()
_sender = Sender()
# Set by django_livelog.testing: gets the batches instead of the thread.
captured: list[list[Change]] | None = None


def count(name: str) -> None:
    COUNTS[name] += 1


def publish(changes: list[Change]) -> None:
    if captured is not None:
        captured.append(changes)
    elif config().ENABLED:
        for size, body in split(changes):
            _sender.put(size, body)


def flush(deadline: float = 5) -> bool:
    return _sender.flush(deadline)


def _after_fork() -> None:
    # The parent sends what is queued; its thread and its lock's owner do not exist here.
    global _sender
    _sender = Sender()


def _at_exit() -> None:
    if not flush(config().EXIT_DEADLINE):
        log.error("%d changes were not sent before the process ended", _sender.waiting)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
atexit.register(_at_exit)

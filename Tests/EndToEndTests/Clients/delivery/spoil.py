"""Mistakes that a server could make, made in what was received: the comparison must notice each of them."""

import copy
from collections.abc import Callable
from random import Random


def frames(trace: list[tuple]) -> list[dict]:
    """Messages with records and a token. What comes in parts may be forgotten, and then no mistake in it counts."""
    found = [content for kind, content in trace if kind == "frame" and content.get("records")]
    return [frame for frame in found if "token" in frame]


def without_a_record(trace, random) -> bool:
    return bool(stream := frames(trace)) and bool(random.choice(stream)["records"].pop())


def with_a_record_twice(trace, random) -> bool:
    if stream := frames(trace):
        records = random.choice(stream)["records"]
        records.append(records[-1])
    return bool(stream)


def out_of_order(trace, random) -> bool:
    stream = [frame for frame in frames(trace) if len(frame["records"]) > 1]
    if stream:
        random.choice(stream)["records"].reverse()
    return bool(stream)


def with_another_change(trace, random) -> bool:
    stream = frames(trace)
    for frame in stream[:1]:
        record = frame["records"][0]
        record["change"] = "left" if record["change"] == "entered" else "entered"
    return bool(stream)


def with_an_older_instance(trace, random) -> bool:
    records = [record for frame in frames(trace) for record in frame["records"] if "instance" in record]
    if records:
        random.choice(records)["instance"]["serial"] = "#0"
    return bool(records)


def told_too_early(trace, random) -> bool:
    """A token that covers records which only the frame after it brings."""
    stream = [content for kind, content in trace if kind == "frame" and "token" in content]
    for before, after in zip(stream, stream[1:]):
        if after.get("records") and "changes" in after and "changes" in before:
            before["token"] = after["token"]
            return True
    return False


def with_parts_kept(trace, random) -> bool:
    """Parts that the end of a connection did not undo."""
    for number, (kind, content) in enumerate(trace):
        if kind == "lost" and trace[number - 1][0] == "frame" and trace[number - 1][1].get("more"):
            later = frames(trace[number:])
            for frame in later[:1]:
                frame["records"] = trace[number - 1][1]["records"] + frame["records"]
                return True
    return False


MISTAKES: list[Callable] = [
    without_a_record, with_a_record_twice, out_of_order, with_another_change, with_an_older_instance,
    told_too_early, with_parts_kept,
]  # fmt: skip


def spoiled(subscription, mistake: Callable, random: Random):
    """A subscription whose trace has a mistake, or None if this one gives no occasion for it."""
    spoilt = copy.copy(subscription)
    spoilt.trace = copy.deepcopy(subscription.trace)
    return spoilt if mistake(spoilt.trace, random) else None

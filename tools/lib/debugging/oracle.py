"""What changes say by themselves: the answers that `livelog log` has to give, made without looking at a log."""

import collections
import hashlib
import json
import random
from pathlib import Path
from typing import Any, NamedTuple

import changes as shop

Key = tuple[str, Any]
encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode

# A longer value is no group (docs/protocol/http.md).
VALUE_BYTES_MAX = 256
# Groups with more records are counted, and not asked about one by one.
SET_RECORDS_MAX = 10_000
CANDIDATES = 60


def groups(instance: dict | None) -> dict[str, str]:
    """The value of each group that an instance is in, as the log takes values to be the same."""
    if instance is None:
        return {}
    texts = {name: value_text(value) for name, value in instance.items() if not isinstance(value, (dict, list))}
    return {name: text for name, text in texts.items() if len(text.encode()) - len("value:") <= VALUE_BYTES_MAX}


def value_text(value: Any) -> str:
    """A string and a number with the same text are one group; null is one of its own."""
    return "null:" if value is None else f"value:{value if isinstance(value, str) else encode(value)}"


def changed(before: dict | None, after: dict | None) -> dict[str, tuple]:
    """What changed, by property: the value before and after, without one `...`."""
    before, after = before or {}, after or {}
    return {
        name: (before.get(name, ...), after.get(name, ...)) for name in before.keys() | after.keys() if before.get(name, ...) != after.get(name, ...)
    }


def line_digest(key: str, offset: int, instance: str) -> int:
    text = f"{key} {offset} {instance}".encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=16).digest(), "little")


class Group(NamedTuple):
    """The instances of a model with one value of a property."""

    label: str
    property: str
    text: str


class SetRecord(NamedTuple):
    """A record of an instance that is in a set, or was before it."""

    offset: int
    change: str
    action: str
    instance: dict


class Questions:
    """What is asked, drawn at random from what there is."""

    def __init__(self, source: Path, options: Any) -> None:
        draw = random.Random(options.seed)
        keys: dict[Key, None] = {}
        drawn: list[tuple[str, dict]] = []
        self.count = 0
        self.labels: collections.Counter[str] = collections.Counter()
        with shop.open_changes(source) as file:
            for change in shop.read(file):
                self.labels[change["model"]] += 1
                keys[change["model"], change["instance"]["id"]] = None
                self.count += 1
                place = len(drawn) if len(drawn) < CANDIDATES else draw.randrange(self.count)
                if place < CANDIDATES:
                    drawn[place : place + 1] = [(change["model"], change["instance"])]
        self.key_count = len(keys)
        self.offsets = sorted(draw.randint(1, self.count) for _ in range(options.states))
        self.keys = draw.sample(list(keys), min(options.histories, len(keys)))
        self.intervals = []
        for _ in range(options.diffs):
            start = draw.randrange(self.count)
            self.intervals.append((start, min(self.count, start + 1 + int(draw.random() ** 3 * 50_000))))
        # Sets of instances by one value, with the value as it is asked for.
        self.sets: dict[Group, Any] = {}
        for label, instance in drawn:
            name = draw.choice(list(groups(instance)))
            self.sets[Group(label, name, value_text(instance[name]))] = instance[name]
        self.set_count = options.sets


class Oracle:
    """What the changes themselves say."""

    def __init__(self, source: Path, questions: Questions) -> None:
        self.histories: dict[Key, list] = {key: [] for key in questions.keys}
        self.groups: collections.Counter = collections.Counter()
        self.members: collections.Counter = collections.Counter()
        self.states: dict[int, dict[str, tuple[int, int]]] = {}
        self.diffs: dict[tuple[int, int], dict[Key, tuple]] = {}
        self.sets: dict[Group, list[SetRecord]] = {group: [] for group in questions.sets}
        self.actions: list[str] = []
        self.models: collections.Counter[tuple[str, str]] = collections.Counter()
        alive: dict[Key, dict] = {}
        digests: collections.Counter[str] = collections.Counter()
        counts: collections.Counter[str] = collections.Counter()
        lines: dict[Key, int] = {}
        starts = collections.defaultdict(list)
        for interval in questions.intervals:
            starts[interval[0]].append(interval)
        opened: dict[tuple[int, int], dict[Key, dict | None]] = {}
        offsets = iter(questions.offsets)
        wanted = next(offsets, None)
        with shop.open_changes(source) as file:
            for offset, change in enumerate(shop.read(file)):
                while wanted == offset:
                    self.states[offset] = {label: (counts[label], digests[label]) for label in questions.labels}
                    wanted = next((later for later in offsets if later != wanted), None)
                for interval in starts.pop(offset, ()):
                    opened[interval] = {}
                for interval in [each for each in opened if each[1] == offset]:
                    self.close(interval, opened.pop(interval), alive)
                label, instance, action = change["model"], change["instance"], change["action"]
                key = (label, instance["id"])
                before = alive.get(key)
                after = None if action == "DELETED" else instance
                self.actions.append(action)
                self.models[label, action] += 1
                for touched in opened.values():
                    touched.setdefault(key, before)
                if key in self.histories:
                    self.histories[key].append((offset, action, instance, changed(before, after)))
                self.count(offset, change, before, after)
                digests[label] ^= lines.pop(key, 0)
                counts[label] += (after is not None) - (before is not None)
                if after is None:
                    alive.pop(key, None)
                else:
                    alive[key] = after
                    lines[key] = line_digest(encode(instance["id"]), offset, encode(instance))
                    digests[label] ^= lines[key]
        if wanted is not None:
            self.states[wanted] = {label: (counts[label], digests[label]) for label in questions.labels}
        for interval, touched in opened.items():
            self.close(interval, touched, alive)
        chosen = [group for group, records in self.sets.items() if records][: questions.set_count]
        self.sets = {group: self.sets[group] for group in chosen}

    def count(self, offset: int, change: dict, before: dict | None, after: dict | None) -> None:
        label, was, now = change["model"], groups(before), groups(after)
        for name, text in was.items() | now.items():
            self.groups[label, name, text] += 1
            records = self.sets.get((label, name, text))
            if records is not None:
                is_in, was_in = now.get(name) == text, was.get(name) == text
                did = ("updated" if was_in else "entered") if is_in else "deleted" if after is None else "left"
                records.append(SetRecord(offset, did, change["action"], change["instance"]))
                if len(records) > SET_RECORDS_MAX:
                    del self.sets[Group(label, name, text)]
        for group in now.items() - was.items():
            self.members[label, *group] += 1
        for group in was.items() - now.items():
            self.members[label, *group] -= 1

    def close(self, interval: tuple[int, int], touched: dict[Key, dict | None], alive: dict[Key, dict]) -> None:
        diff = {}
        for key, before in touched.items():
            after = alive.get(key)
            if before is None and after is not None:
                diff[key] = ("entered", changed(None, after))
            elif before is not None and after is None:
                diff[key] = ("deleted", {})
            elif before != after:
                diff[key] = ("updated", changed(before, after))
        self.diffs[interval] = diff

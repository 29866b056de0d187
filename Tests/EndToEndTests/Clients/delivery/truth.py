"""The log as it must be, from the receipts, and what each filter must get of it, by looking at every record."""

import base64
import bisect
import json
from dataclasses import dataclass, field

from .values import Filter


@dataclass
class Change:
    """What a writer submitted. `properties` and `groups` are JSON texts by name."""

    model: str
    action: str
    key: int
    properties: dict[str, str]
    groups: dict[str, str] = field(default_factory=dict)
    pad: int = 0
    serial: int = 0

    def json(self) -> str:
        members = [f'"id":{self.key}', f'"serial":{self.serial}']
        members += [f'"{name}":{text}' for name, text in self.properties.items()]
        if self.pad:
            members.append(f'"pad":"{"x" * self.pad}"')
        groups = ""
        if self.groups:
            groups = ',"groups":{%s}' % ",".join(f'"{name}":{text}' for name, text in self.groups.items())
        instance = "{%s}" % ",".join(members)
        return f'{{"model":"{self.model}","action":"{self.action}","instance":{instance}{groups}}}'

    def instance(self) -> dict:
        values = {name: parse(text) for name, text in self.properties.items()}
        return {"id": "#" + str(self.key), "serial": "#" + str(self.serial), **values} | (
            {"pad": self.pad} if self.pad else {}
        )


def parse(text: str):
    """JSON with numbers as their text, which is what must come back."""
    return json.loads(text, parse_int=lambda number: "#" + number, parse_float=lambda number: "#" + number)


@dataclass(frozen=True)
class Place:
    """What a resume token says. Only the oracle looks into one."""

    epoch: int
    next: int

    @staticmethod
    def of(token: str) -> "Place":
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        return Place(int.from_bytes(raw[1:9], "little"), int.from_bytes(raw[9:17], "little"))


@dataclass
class Effect:
    """What a record did to a filter's set."""

    offset: int
    change: str
    was_in: bool
    record: Change


class Truth:
    """All acknowledged batches in the order of their receipts."""

    def __init__(self):
        self.batches: dict[int, list[Change]] = {}
        self.epochs: set[str] = set()
        self._effects: dict[int, list[Effect]] = {}

    def acknowledge(self, receipt: dict, changes: list[Change]) -> str | None:
        """Notes a receipt. Returns what is wrong with it."""
        self.epochs.add(receipt["epoch"])
        first, count = receipt["first"], receipt["last"] - receipt["first"] + 1
        if count != len(changes) or receipt["count"] != count or not receipt["durable"]:
            return f"{len(changes)} changes got the receipt {receipt}"
        if first in self.batches:
            return f"two submissions got the receipt {receipt}"
        self.batches[first] = changes
        return None

    def close(self) -> list[str]:
        """Puts the log together. Returns what is wrong with it."""
        findings, self.records, self.boundaries = [], [], [0]
        for first, changes in sorted(self.batches.items()):
            if first != len(self.records):
                findings.append(f"a batch begins at {first} and the one before ends at {len(self.records)}")
                break
            self.records += changes
            self.boundaries.append(len(self.records))
        if len(self.epochs) > 1:
            findings.append(f"the epoch changed though nothing was lost: {self.epochs}")
        alive: dict[tuple, dict | None] = {}
        self.sides = []
        # Deletions of instances that did not exist.
        self.unfounded: set[int] = set()
        for offset, record in enumerate(self.records):
            own = dict(record.properties) | record.groups
            instance = (record.model, record.key)
            before = alive.get(instance)
            if record.action == "DELETED":
                # Of an instance that nobody knew only this change tells what it was.
                if before is None:
                    self.unfounded.add(offset)
                before, after = before if before is not None else own, None
            else:
                after = own
            alive[instance] = after
            self.sides.append((before, after))
        return findings

    def is_boundary(self, offset: int) -> bool:
        place = bisect.bisect_left(self.boundaries, offset)
        return place < len(self.boundaries) and self.boundaries[place] == offset

    def batch_start(self, offset: int) -> int:
        return self.boundaries[bisect.bisect_right(self.boundaries, offset) - 1]

    def effects(self, wanted: Filter, start: int, end: int) -> list[Effect]:
        """What the records in `start ..< end` did to the set."""
        key = id(wanted)
        if key not in self._effects:
            found = []
            for offset, (record, (before, after)) in enumerate(zip(self.records, self.sides)):
                if record.model != wanted.model:
                    continue
                was, is_in = wanted.holds(before), wanted.holds(after)
                if was or is_in:
                    gone = "deleted" if record.action == "DELETED" else "left"
                    change = ("updated" if was else "entered") if is_in else gone
                    found.append(Effect(offset, change, was, record))
            self._effects[key] = found
        found = self._effects[key]
        low = bisect.bisect_left(found, start, key=lambda effect: effect.offset)
        high = bisect.bisect_left(found, end, key=lambda effect: effect.offset)
        return found[low:high]

    def net(self, wanted: Filter, start: int, end: int) -> list[Effect]:
        """The last record of each instance, with what all its records together did. From the log's start that is the
        set itself: nothing was in it before."""
        if start == 0:
            return self.snapshot(wanted, end)
        first: dict[int, bool] = {}
        last: dict[int, Effect] = {}
        for effect in self.effects(wanted, start, end):
            first.setdefault(effect.record.key, effect.was_in)
            last[effect.record.key] = effect
        result = []
        for key, effect in last.items():
            is_in = effect.change in ("entered", "updated")
            if is_in:
                change = "updated" if first[key] else "entered"
            elif first[key]:
                change = effect.change
            else:
                continue
            result.append(Effect(effect.offset, change, first[key], effect.record))
        return sorted(result, key=lambda effect: effect.offset)

    def is_doubtful(self, effect: Effect, wanted: Filter, start: int) -> bool:
        """Whether net changes may say of an instance that it was in the set though it was not: a record that deletes
        what does not exist says so, and net changes go by what records say, as live readers do."""
        of = (effect.record.model, effect.record.key)
        return start > 0 and any(
            between.offset in self.unfounded and (between.record.model, between.record.key) == of
            for between in self.effects(wanted, start, effect.offset + 1)
        )

    def snapshot(self, wanted: Filter, end: int) -> list[Effect]:
        """The instances that are in the set before `end`, each by its last record."""
        last = {effect.record.key: effect for effect in self.effects(wanted, 0, end)}
        inside = [effect for effect in last.values() if effect.change in ("entered", "updated")]
        return sorted(
            (Effect(e.offset, "entered", False, e.record) for e in inside), key=lambda effect: effect.offset
        )

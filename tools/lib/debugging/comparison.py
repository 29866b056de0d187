"""Asks a log what `livelog log` has commands for, and compares the answers with an oracle's."""

import bisect
import itertools
import json
import operator
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Iterator

import changes as shop
from oracle import Group, Oracle, Questions, SetRecord, encode, line_digest, value_text

COMPARISONS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
FORKS = 2
EXTRACTS = 3
RANGES = 10


class Comparison:
    """Asks the log, and compares."""

    def __init__(self, livelog: Path, source: Path, log: Path, oracle: Oracle, questions: Questions, folder: Path) -> None:
        self.livelog, self.source, self.log, self.oracle, self.questions, self.folder = livelog, source, log, oracle, questions, folder
        self.longest: dict[str, float] = {}
        # The offset after each batch.
        self.ends: list[int] = []
        self.draw = random.Random(len(oracle.actions))

    def ask(self, command: str, *arguments: Any, status: tuple[int, ...] = (0,), log: Path | None = None) -> Iterator[bytes]:
        """The lines that the command prints."""
        words = [self.livelog, "log", command, log or self.log, *map(str, arguments), "--format", "json"]
        started = time.monotonic()
        result = subprocess.run(words, capture_output=True)
        self.longest[command] = max(self.longest.get(command, 0), time.monotonic() - started)
        if result.returncode not in status:
            sys.exit(f"{' '.join(map(str, words))} ended with {result.returncode}: {result.stderr.decode()}")
        return iter(result.stdout.splitlines())

    def same(self, what: str, found: Any, expected: Any) -> None:
        if found != expected:
            sys.exit(f"DIFFERENT: {what}\n  the log says      {str(found)[:2000]}\n  the changes say   {str(expected)[:2000]}")

    def answer(self, command: str, *arguments: Any, **options: Any) -> dict:
        """The one object that the command prints, or the first."""
        return json.loads(next(self.ask(command, *arguments, **options)))

    def run(self) -> None:
        parts = (self.records, self.statistics, self.ranges, self.histories, self.blames, self.states, self.differences, self.group_counts)
        sets = (self.set_records, self.set_states, self.set_counts, self.trials, self.explanations)
        for part in (*parts, self.first_times, *sets, self.extracts, self.forks, self.verdict):
            started = time.monotonic()
            compared = part()
            print(f"{part.__name__.replace('_', ' ')}: {compared}, {time.monotonic() - started:.1f} s", flush=True)
        slowest = ", ".join(f"{command} {seconds * 1000:.0f} ms" for command, seconds in self.longest.items())
        print(f"the slowest answers: {slowest}")

    def records(self) -> str:
        """What `cat` prints is what was published, in its order."""
        with (
            subprocess.Popen([self.livelog, "log", "cat", self.log, "--metadata"], stdout=subprocess.PIPE) as process,
            shop.open_changes(self.source) as source,
        ):
            offset = 0
            for offset, (line, published) in enumerate(itertools.zip_longest(process.stdout, source)):
                head, model, change = (line or b"").partition(b'"model":')
                if model + change != (published or "").replace('{"model":', '"model":', 1).encode():
                    found = {name: json.loads(line or "{}").get(name) for name in ("model", "action", "instance")}
                    self.same(f"the record {offset}", found, json.loads(published or "{}"))
                if b',"lastOfBatch":true,' in head:
                    self.ends.append(offset + 1)
        self.same("the number of records", offset + 1, self.questions.count)
        self.same("the end of the last batch", self.ends[-1], self.questions.count)
        return f"{offset + 1} lines in {len(self.ends)} batches"

    def statistics(self) -> str:
        stat = self.answer("stat")
        models = {(each["model"], action): each[action.lower()] for each in stat["models"] for action in ("CREATED", "UPDATED", "DELETED")}
        self.same("records by model and action", {key: count for key, count in models.items() if count}, dict(self.oracle.models))
        found = {name: stat[name] for name in ("records", "instances", "batches", "groupCount")}
        # The instances of a model are a group, too.
        groups = len(self.oracle.groups) + len(self.questions.labels)
        expected = {"records": self.questions.count, "instances": self.questions.key_count, "batches": len(self.ends), "groupCount": groups}
        self.same("stat", found, expected)
        self.same("records by hour", sum(hour["records"] for hour in stat["hours"]), self.questions.count)
        for group in stat["groups"]:
            key = (group["model"], group["property"], value_text(group["value"]))
            self.same(f"records of {key}", group["records"], self.oracle.groups[key])
        quick = self.answer("stat", "--quick")
        self.same("groups of stat --quick", [group["records"] for group in quick["groups"]], [group["records"] for group in stat["groups"]])
        largest = sorted(self.oracle.groups.values(), reverse=True)[: len(stat["groups"])]
        self.same("the largest groups", [group["records"] for group in stat["groups"]], largest)
        return f"{len(models)} counts of actions, {len(stat['groups'])} groups"

    def cat(self, *arguments: Any, log: Path | None = None) -> list[tuple[int, str, dict]]:
        return [(line["offset"], line["action"], line["instance"]) for line in map(json.loads, self.ask("cat", *arguments, "--metadata", log=log))]

    def ranges(self) -> str:
        """`cat` with an action, a range, a place in the middle, and a key."""
        count = self.questions.count
        for _ in range(RANGES):
            start = self.draw.randrange(count)
            end = min(count, start + 1 + self.draw.randrange(5000))
            action = self.draw.choice(["CREATED", "UPDATED", "DELETED"])
            found = [offset for offset, _, _ in self.cat("--from", start, "--until", end, "--action", action.lower())]
            self.same(f"{action} from {start} until {end}", found, [at for at in range(start, end) if self.oracle.actions[at] == action])
            around = [offset for offset, _, _ in self.cat("--around", start, "--context", 3)]
            self.same(f"around {start}", around, list(range(max(0, start - 3), min(count, start + 4))))
        histories = list(self.oracle.histories.items())[:RANGES]
        for (label, key), history in histories:
            self.same(f"cat of {label} {key}", self.cat("--model", label, "--key", key), [record[:3] for record in history])
        return f"{2 * RANGES} ranges, {len(histories)} keys"

    def histories(self) -> str:
        for (label, key), expected in self.oracle.histories.items():
            found = []
            for line in map(json.loads, self.ask("history", label, key)):
                changes = {each["property"]: (each.get("before", ...), each.get("after", ...)) for each in line["changes"]}
                found.append((line["offset"], line["action"], line["instance"], changes))
            # A deletion says that all is gone, and not property by property.
            wanted = [(*record[:3], {} if record[1] == "DELETED" else record[3]) for record in expected]
            self.same(f"history {label} {key}", found, wanted)
        return f"{len(self.oracle.histories)} histories"

    def blames(self) -> str:
        for (label, key), history in self.oracle.histories.items():
            setters: dict[str, int] = {}
            for offset, action, _, changes in history:
                if action == "DELETED":
                    is_deleted = True
                    continue
                if action == "CREATED":
                    setters = {}
                is_deleted = False
                for name, (_, after) in changes.items():
                    setters[name] = offset
                    if after is ...:
                        del setters[name]
            answer = json.loads(next(self.ask("blame", label, key)))
            found = {line["property"]: line["offset"] for line in answer["properties"]}
            self.same(f"blame {label} {key}", (answer["deleted"], found), (is_deleted, setters))
        return f"{len(self.oracle.histories)} blames"

    def states(self) -> str:
        instances = 0
        for offset, models in self.oracle.states.items():
            for label, expected in models.items():
                count = digest = 0
                for line in self.ask("state", label, "--at", offset):
                    head, _, instance = line.partition(b',"instance":')
                    key, _, rest = head.removeprefix(b'{"key":').partition(b',"offset":')
                    digest ^= line_digest(key.decode(), int(rest.split(b",")[0]), instance[:-1].decode())
                    count += 1
                self.same(f"state {label} at {offset}", (count, digest), expected)
                instances += count
        return f"{len(self.oracle.states)} offsets, {instances} instances"

    def differences(self) -> str:
        entries = 0
        for (start, end), expected in self.oracle.diffs.items():
            found = {}
            for line in map(json.loads, self.ask("diff", "--from", start, "--until", end)):
                changes = {each["property"]: (each.get("before", ...), each.get("after", ...)) for each in line.get("changes", [])}
                found[line["model"], line["key"]] = (line["change"], changes)
            self.same(f"diff from {start} until {end}", found, expected)
            entries += len(found)
        return f"{len(self.oracle.diffs)} intervals, {entries} instances"

    def group_counts(self) -> str:
        found, members = {}, {}
        for line in map(json.loads, self.ask("groups", "--all")):
            group = (line["model"], line["property"], value_text(line["value"]))
            found[group], members[group] = line["records"], line["members"]
        self.same("groups", found, dict(self.oracle.groups))
        self.same("members of groups", {group: count for group, count in members.items() if count}, +self.oracle.members)
        return f"{len(found)} groups"

    def question(self, history: list) -> tuple[str, Any] | None:
        """A question about a number that its instance has at some time, and what answers it for an instance."""
        numbers = [
            (name, value)
            for _, _, instance, _ in history
            for name, value in instance.items()
            if isinstance(value, (int, float)) and not isinstance(value, bool)
        ]
        if not numbers:
            return None
        name, bound = self.draw.choice(numbers)
        sign = self.draw.choice(list(COMPARISONS))

        def holds(instance: dict) -> bool:
            value = instance.get(name)
            return isinstance(value, (int, float)) and not isinstance(value, bool) and COMPARISONS[sign](value, bound)

        return f"{name} {sign} {encode(bound)}", holds

    def first_times(self) -> str:
        asked = found_count = 0
        for (label, key), history in self.oracle.histories.items():
            asked_about = self.question(history)
            if not asked_about:
                continue
            question, holds = asked_about
            # Readers see a batch as a whole: of several records in one the last counts.
            seen = {self.batch(offset): (offset, action, instance) for offset, action, instance, _ in history}
            expected = next((offset for offset, action, instance in seen.values() if action != "DELETED" and holds(instance)), None)
            answer = self.answer("bisect", question, "--model", label, "--key", key, status=(0, 1))
            self.same(f"bisect {question} of {label} {key}", answer.get("first", {}).get("offset"), expected)
            asked += 1
            found_count += expected is not None
        return f"{asked} questions, of which {found_count} became true"

    def batch(self, offset: int) -> int:
        """How many batches end before the record."""
        return bisect.bisect_right(self.ends, offset)

    def sets(self) -> Iterator[tuple[Group, list[str], list[SetRecord]]]:
        """The sets that are asked about: each with the options that name it, and its records."""
        for group, records in self.oracle.sets.items():
            value = self.questions.sets[group]
            yield group, ["--model", group.label, "--where", f"{group.property}={encode(value)}"], records

    def set_records(self) -> str:
        count = 0
        for group, words, records in self.sets():
            self.same(f"cat of {group}", self.cat(*words), [(record.offset, record.action, record.instance) for record in records])
            count += len(records)
        return f"{len(self.oracle.sets)} sets, {count} records"

    def set_states(self) -> str:
        count = 0
        for group, words, records in self.sets():
            at = self.draw.randint(1, self.questions.count)
            last = {encode(record.instance["id"]): record for record in records if record.offset < at}
            expected = {key: (record.offset, record.instance) for key, record in last.items() if record.change in ("entered", "updated")}
            lines = map(json.loads, self.ask("state", group.label, *words[2:], "--at", at))
            found = {encode(line["key"]): (line["offset"], line["instance"]) for line in lines}
            self.same(f"state of {group} at {at}", found, expected)
            count += len(found)
        return f"{len(self.oracle.sets)} sets, {count} instances"

    def set_counts(self) -> str:
        """When a set first had more than half of the instances that it has at most."""
        for group, words, records in self.sets():
            counts: dict[int, int] = {}
            now = 0
            for record in records:
                now += (record.change == "entered") - (record.change in ("left", "deleted"))
                counts[self.batch(record.offset)] = now
            bound = max(counts.values()) // 2
            expected = next(((batch, count) for batch, count in counts.items() if count > bound), None)
            answer = self.answer("bisect", f"count > {bound}", *words, status=(0, 1))
            first = answer.get("first")
            found = first and (self.batch(first["offset"]), first["after"])
            self.same(f"bisect count > {bound} of {group}", found, expected)
        return f"{len(self.oracle.sets)} sets"

    def subscription(self, group: Group) -> str:
        return encode({"subscribe": 1, "model": group.label, "where": {group.property: self.questions.sets[group]}})

    def trials(self) -> str:
        """What a subscription would have delivered."""
        count = 0
        for group, _, records in self.sets():
            start = self.draw.randrange(self.questions.count)
            end = self.draw.randint(start, self.questions.count)
            wanted = [record.change for record in records if start <= record.offset < end]
            expected = {"records": len(wanted)} | {change: wanted.count(change) for change in ("entered", "updated", "left", "deleted")}
            answer = self.answer("what-if", "--subscription", self.subscription(group), "--from", start, "--until", end)
            self.same(f"what-if of {group} from {start} until {end}", answer["delivered"], expected)
            count += len(wanted)
        return f"{len(self.oracle.sets)} subscriptions, {count} deliveries"

    def explanations(self) -> str:
        """Why a record of a set was delivered, and why another was not."""
        verdicts = {"delivered": 0, "not-delivered": 0}
        for group, _, records in self.sets():
            changes = {record.offset: record.change for record in records}
            offsets = self.draw.sample(list(changes), min(3, len(changes)))
            offsets += [self.draw.randrange(self.questions.count) for _ in range(3)]
            for offset in offsets:
                answer = self.answer("explain", "--subscription", self.subscription(group), "--offset", offset)
                expected = ("delivered", changes[offset]) if offset in changes else ("not-delivered", None)
                self.same(f"explain of {group} at {offset}", (answer["verdict"], answer.get("change")), expected)
                self.same(f"disagreements about {group} at {offset}", answer["disagreements"], [])
                verdicts[answer["verdict"]] += 1
        return ", ".join(f"{count} {verdict}" for verdict, count in verdicts.items())

    def extracts(self) -> str:
        count = 0
        chosen = list(self.sets())[:EXTRACTS]
        for number, (group, words, records) in enumerate(chosen):
            target = self.folder / f"extract-{number}"
            list(self.ask("extract", target, *words))
            found = [(action, instance) for _, action, instance in self.cat(log=target)]
            self.same(f"extract of {group}", found, [(record.action, record.instance) for record in records])
            count += len(found)
        return f"{len(chosen)} logs, {count} records"

    def forks(self) -> str:
        """A fork has the records up to a batch's end, and differs from its log in what was changed since."""
        instances = 0
        for _ in range(FORKS):
            at = self.draw.randint(self.questions.count * 9 // 10, self.questions.count)
            # On the log's file system, so that segments can be linked.
            target = self.log.parent / f"{self.log.name}-fork"
            try:
                made = self.answer("fork", target, "--at", at)
                end = max((end for end in self.ends if end <= at), default=0)
                self.same(f"the end of a fork at {at}", made["end"], end)
                lines = map(json.loads, self.ask("diff", target, status=(0, 1)))
                expected = {}
                for line in map(json.loads, self.ask("diff", "--from", end)):
                    expected[line["model"], line["key"]] = None
                first = next(lines, {"fork": self.questions.count})
                self.same(f"the first difference from a fork at {at}", first["fork"], end)
                found = {(line["model"], line["key"]): None for line in lines}
                self.same(f"what differs from a fork at {at}", found.keys(), expected.keys())
                instances += len(found)
            finally:
                subprocess.run(["rm", "-rf", target], check=True)
        return f"{FORKS} forks, {instances} instances"

    def verdict(self) -> str:
        summary = json.loads(list(self.ask("verify", "--deep"))[-1])
        self.same("verify", (summary["damage"], summary["first"], summary["records"]), (0, 0, self.questions.count))
        return f"{summary['records']} records without damage"

"""Values as the protocol compares them: a value is JSON text, kept as it was written."""

import json
from decimal import Decimal
from random import Random

# What properties may be, each by its JSON text: `1` and `1.0` are not the same, and `null` is a value.
CHOICES = {
    "list": ["0", "1", "2", "3", "4"],
    "state": ['"todo"', '"doing"', '"done"', "null"],
    "total": ["-3", "0", "1", "1.0", "2.5", "7", "10", "9", "1e1", '"many"', '"some"'],
    "name": ['"ab"', '"abc"', '"abd"', '"b"', '"ä"', '"äb"', '""'],
    "done": ["true", "false"],
}
OPERATORS = ["<", "<=", ">", ">="]


def canonical(text: str) -> tuple[bool, str]:
    """What makes two values the same: whether it is null, and the string's content or the JSON text."""
    value = json.loads(text)
    return (value is None, value if isinstance(value, str) else text)


def is_number(text: str) -> bool:
    return text[0] in "-0123456789"


def in_order(text: str, operator: str, bound: str) -> bool:
    if is_number(text) and is_number(bound):
        left, right = Decimal(text), Decimal(bound)
    elif text[0] == '"' and bound[0] == '"':
        left, right = json.loads(text).encode(), json.loads(bound).encode()
    else:
        return False
    return {"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}[operator]


class Filter:
    """Conditions on properties: (property, operator, JSON text or a list of texts)."""

    def __init__(self, model: str, conditions: list[tuple]):
        self.model, self.conditions = model, conditions

    def holds(self, groups: dict[str, str] | None) -> bool:
        """Whether an instance with these groups is in the set; None is an instance that does not exist."""
        return groups is not None and all(self._holds(groups.get(c[0]), c[1], c[2]) for c in self.conditions)

    @staticmethod
    def _holds(text: str | None, operator: str, value) -> bool:
        if text is None:
            return False
        if operator == "in":
            return canonical(text) in map(canonical, value)
        if operator == "!=":
            return canonical(text) not in map(canonical, value)
        if operator == "prefix":
            return text[0] == '"' and json.loads(text).startswith(json.loads(value))
        return in_order(text, operator, value)

    @property
    def is_group(self) -> bool:
        return not self.conditions or (
            len(self.conditions) == 1 and self.conditions[0][1] == "in" and len(self.conditions[0][2]) == 1
        )

    def where(self) -> str:
        """The member `where`, as JSON."""
        members: dict[str, list[str]] = {}
        for name, operator, value in self.conditions:
            plain = isinstance(value, str)
            if operator == "in" and len(value) == 1:
                members[name] = [value[0]]
                continue
            if operator == "!=" and len(value) == 1:
                value, plain = value[0], True
            operand = value if plain else f"[{','.join(value)}]"
            members.setdefault(name, []).append(f'"{operator}":{operand}')
        return "{%s}" % ",".join(
            f'"{name}":{parts[0] if ":" not in parts[0] else "{%s}" % ",".join(parts)}'
            for name, parts in members.items()
        )

    def example(self, random: Random) -> dict[str, str] | None:
        """Groups that an instance in the set may have; None if none is found."""
        for _ in range(400):
            groups = random_groups(random)
            for name, operator, value in self.conditions:
                if operator == "in":
                    groups[name] = random.choice(value)
                elif name not in groups:
                    groups[name] = random.choice(CHOICES[name])
            if self.holds(groups):
                return groups
        return None


def random_groups(random: Random) -> dict[str, str]:
    """Properties of an instance; some are missing."""
    return {name: random.choice(texts) for name, texts in CHOICES.items() if random.random() < 0.9}


def random_filter(random: Random) -> Filter:
    model = "oracle.Item" if random.random() < 0.85 else "oracle.Other"
    conditions = []
    for name in random.sample(list(CHOICES), random.choice([0, 1, 1, 1, 2, 2, 3])):
        texts = CHOICES[name]
        kind = random.choice(["=", "=", "=", "in", "!=", "order", "range", "prefix"])
        if kind == "=":
            conditions.append((name, "in", [random.choice(texts)]))
        elif kind == "in":
            conditions.append((name, "in", random.sample(texts, random.randint(2, len(texts)))))
        elif kind == "!=":
            conditions.append((name, "!=", random.sample(texts, random.randint(1, 2))))
        elif kind == "prefix":
            conditions.append(("name", "prefix", random.choice(['"a"', '"ab"', '"ä"', '"b"'])))
        else:
            ordered = [text for text in CHOICES["total"] if kind == "order" or is_number(text)]
            bounds = random.sample(OPERATORS, 1 if kind == "order" else 2)
            conditions += [("total", operator, random.choice(ordered)) for operator in bounds]
    # A property has one object; a second condition on it by a plain value could not be said.
    names = [name for name, *_ in conditions]
    mixed = [c for c in conditions if c[1] == "in" and len(c[2]) == 1 and names.count(c[0]) > 1]
    said = {}
    for condition in (c for c in conditions if c not in mixed):
        said.setdefault((condition[0], condition[1]), condition)
    return Filter(model, list(said.values()))

"""Changes of a small shop, made from a seed: what the checks of `livelog log` are fed with."""

import gzip
import json
import random
from pathlib import Path
from typing import Iterator, TextIO

CUSTOMER, ORDER = "shop.Customer", "shop.Order"
STATES = ["new", "paid", "packed", "sent", "returned"]


class Shop:
    """Customers with orders. Orders change state, move between customers, are deleted and come again."""

    def __init__(self, seed: int, instances: int) -> None:
        self.random = random.Random(seed)
        self.instances = instances
        self.alive: dict[tuple[str, int], dict] = {}

    def change(self) -> dict:
        """The next change, as `livelog publish` takes it."""
        draw = self.random.random
        is_customer = draw() < 0.05
        model = CUSTOMER if is_customer else ORDER
        number = int(draw() * (self.instances // 20 + 1 if is_customer else self.instances))
        before = self.alive.get((model, number))
        if before is None:
            instance = self.customer(number) if is_customer else self.order(number)
            action = "CREATED"
        elif draw() < 0.03:
            del self.alive[model, number]
            return {"model": model, "action": "DELETED", "instance": before}
        else:
            instance = dict(before)
            if is_customer:
                instance["points"] = before["points"] + int(draw() * 100) - 45
            else:
                self.move(instance)
            action = "UPDATED"
        self.alive[model, number] = instance
        return {"model": model, "action": action, "instance": instance}

    def customer(self, number: int) -> dict:
        return {"id": number, "name": f"Customer {number}", "country": self.country(), "points": 0}

    def order(self, number: int) -> dict:
        draw = self.random.random
        return {
            "id": number,
            # A few customers have most of the orders, as in life.
            "customer_id": int(draw() ** 3 * (self.instances // 20 + 1)),
            "state": "new",
            "total": round(draw() * 500, 2),
            "note": None,
        }

    def move(self, order: dict) -> None:
        draw = self.random.random
        kind = draw()
        if kind < 0.6:
            order["state"] = STATES[int(draw() * len(STATES))]
        elif kind < 0.8:
            order["total"] = round(order["total"] - draw() * 120, 2)
        elif kind < 0.9:
            order["customer_id"] = int(draw() ** 3 * (self.instances // 20 + 1))
        elif "note" in order and draw() < 0.5:
            del order["note"]
        else:
            order["note"] = self.random.choice([None, "ring twice", 'say "hello"', "zurück", {"by": "phone"}])

    def country(self) -> str:
        return self.random.choice(["NZ", "DE", "BR", "IN", "US"])


def write(target: TextIO, seed: int, count: int, instances: int) -> None:
    """Writes `count` changes, one a line."""
    shop = Shop(seed, instances)
    encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode
    for _ in range(count):
        target.write(encode(shop.change()))
        target.write("\n")


def open_changes(path: Path) -> TextIO:
    """A file of changes, also a compressed one."""
    return gzip.open(path, "rt") if path.suffix == ".gz" else path.open()


def read(source: TextIO) -> Iterator[dict]:
    """The changes of a file."""
    for line in source:
        yield json.loads(line)

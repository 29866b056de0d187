"""Holds what one subscription was sent against the truth."""

from .truth import Effect, Place, Truth

# A snapshot is shared by those who ask within the same seconds, while it is not older than so many records.
SHARED_SNAPSHOT_AGE = 1024


class Finding(Exception):
    pass


class Checker:
    """Goes through a subscription's trace: requests, frames, and ends of connections."""

    def __init__(self, truth: Truth, subscription, statistics):
        self.truth, self.subscription, self.statistics = truth, subscription, statistics
        self.position: int | None = None
        self.token: str | None = None
        self.parts: list[dict] = []
        self.mode = "none"
        self.asked: dict | None = None

    def run(self) -> str | None:
        """What is wrong, or None."""
        number = 0
        try:
            for number, (kind, content) in enumerate(self.subscription.trace):
                getattr(self, kind)(content)
            self.require(self.position == self.end or self.subscription.is_over, "it does not reach the end")
        except Finding as finding:
            story = "\n".join(f"    {kind} {shorten(content)}" for kind, content in self.nearby(number))
            return f"{self.subscription}: {finding}\n{story}"
        return None

    def nearby(self, number: int):
        return self.subscription.trace[max(0, number - 8) : number + 1]

    @property
    def end(self) -> int:
        return len(self.truth.records)

    @staticmethod
    def require(holds: bool, message: str) -> None:
        if not holds:
            raise Finding(message)

    # What happened

    def ask(self, asked: dict) -> None:
        self.asked, self.mode, self.parts = asked, "asked", []
        if self.token:
            self.require(asked["from"] == self.token, "the client did not resume by its last token")

    def lost(self, _) -> None:
        if self.parts:
            self.statistics["parts forgotten"] += 1
        self.parts, self.mode = [], "none"

    def frame(self, frame: dict) -> None:
        if "subscribed" in frame:
            self.subscribed(frame)
        elif "reset" in frame:
            self.reset(frame)
        elif "changes" in frame or "snapshot" in frame or "covered" in frame:
            self.records(frame)
        elif "unsubscribed" not in frame:
            raise Finding("unexpected")

    def reset(self, frame: dict) -> None:
        self.require(self.mode == "asked", "a reset of what had begun")
        self.require(frame["reason"] == self.asked.get("refusal"), "an unfounded reset")
        self.statistics["resets"] += 1

    def subscribed(self, frame: dict) -> None:
        self.require(self.mode == "asked", "answered without a question, or twice")
        asked, wanted = self.asked, self.subscription.filter
        self.require("refusal" not in asked, "a place that does not exist was accepted")
        self.require(frame["plan"] != "group" or wanted.is_group, "not by a group")
        self.require(frame["plan"] == "group" or not wanted.is_group, "it is a group")
        low, high = self.start_bounds(asked)
        if "snapshot" in frame:
            self.require("token" not in frame, "a token before a snapshot")
            self.mode = "snapshot"
            self.floor = max(0, asked["acknowledged"] - SHARED_SNAPSHOT_AGE)
            if asked["from"] == "snapshot":
                self.require(frame["snapshot"] == "requested", "it was requested")
                self.statistics["snapshots requested"] += 1
                return
            self.require(frame["snapshot"] == "budget" and "budget" in asked, "a snapshot that nobody wanted")
            replay = len(self.truth.effects(wanted, low, self.end))
            self.require(not wanted.is_group or replay > asked["budget"], "the budget was not exceeded")
            self.floor = max(self.floor, low)
            self.statistics["snapshots of a budget"] += 1
            return
        self.require(asked["from"] != "snapshot", "no snapshot")
        place = self.place(frame["token"])
        self.require(low <= place <= high, f"begins at {place}, not in {low}...{high}")
        if self.asked.get("budget"):
            replay = len(self.truth.effects(wanted, place, max(place, asked["acknowledged"])))
            self.require(replay <= asked["budget"], f"{replay} records are more than the budget")
        self.position, self.token = place, frame["token"]
        self.mode = "records"
        if asked.get("catchUp") == "latest":
            # Whether there is a past is decided by what was visible then; in between it may be either.
            self.mode = "net" if place < asked["acknowledged"] else "either"

    def start_bounds(self, asked: dict) -> tuple[int, int]:
        place = asked["from"]
        if place == "now":
            return asked["acknowledged"], self.end
        if place in ("start", "snapshot"):
            return 0, 0
        if isinstance(place, str):
            return (Place.of(place).next,) * 2
        if "offset" in place:
            return (self.truth.batch_start(place["offset"]),) * 2
        return asked["since"], asked["until"] if asked["until"] is not None else self.end

    def place(self, token: str) -> int:
        place = Place.of(token)
        self.require(f"{place.epoch:016x}" in self.truth.epochs, "a token of another epoch")
        self.require(self.truth.is_boundary(place.next), f"a token inside of a batch or beyond the end: {place.next}")
        return place.next

    def records(self, frame: dict) -> None:
        self.require(self.mode in ("snapshot", "net", "either", "records"), "before the answer")
        is_snapshot = "snapshot" in frame
        self.require(is_snapshot == (self.mode == "snapshot"), "a snapshot or none")
        self.require("partial" not in frame, "nothing was removed from this log")
        self.parts += frame.get("records", [])
        more = frame.get("more") is True
        self.require(more == ("token" not in frame), "neither a part nor whole")
        if more:
            # Of a snapshot, of net changes, or of a batch that is too large for a frame.
            return
        place = self.place(frame["token"])
        if frame.get("live"):
            self.require("covered" in frame and not self.parts, "live with records")
        wanted = self.subscription.filter
        if is_snapshot:
            self.require(place >= self.floor, f"a snapshot of {place}, older than {self.floor}")
            self.compare(self.truth.snapshot(wanted, place), f"the set at {place}")
            self.statistics["snapshots compared"] += 1
        else:
            self.require(place >= self.position, f"goes back from {self.position} to {place}")
            stretch = f"{self.position} ..< {place}"
            every = self.truth.effects(wanted, self.position, place)
            if self.mode == "records" or (self.mode == "either" and self.is_same(every)):
                self.compare(every, f"the records in {stretch}")
            else:
                start = 0 if self.asked["from"] == "start" else self.position
                net = self.without_doubts(self.truth.net(wanted, start, place), wanted, start, place)
                self.compare(net, f"the net changes in {stretch}")
                self.statistics["net changes compared"] += 1
        self.statistics["records compared"] += len(self.parts)
        self.position, self.token, self.parts, self.mode = place, frame["token"], [], "records"

    def is_same(self, effects: list[Effect]) -> bool:
        return [part["offset"] for part in self.parts] == [effect.offset for effect in effects]

    def without_doubts(self, net: list[Effect], wanted, start: int, end: int) -> list[Effect]:
        """The net changes, in doubtful ones with what was sent if a client ends up with the same set."""
        sent = {part["offset"]: part["change"] for part in self.parts}
        expected = {effect.offset: effect for effect in net}
        if [(e.offset, e.change) for e in net] == list(sent.items()):
            return net
        last = {effect.record.key: effect for effect in self.truth.effects(wanted, start, end)}
        for effect in last.values():
            if self.truth.is_doubtful(effect, wanted, start):
                is_in = effect.change in ("entered", "updated")
                if sent.get(effect.offset) in (("entered", "updated") if is_in else ("left", "deleted")):
                    change = sent[effect.offset] if is_in else effect.change
                    expected[effect.offset] = Effect(effect.offset, change, effect.was_in, effect.record)
                    self.statistics["net changes of doubtful instances"] += 1
                elif not is_in:
                    expected.pop(effect.offset, None)
        return [effect for _, effect in sorted(expected.items())]

    def compare(self, expected: list[Effect], what: str) -> None:
        got = [(part["offset"], part["change"]) for part in self.parts]
        wanted = [(effect.offset, effect.change) for effect in expected]
        if got != wanted:
            missing, extra = [w for w in wanted if w not in got], [g for g in got if g not in wanted]
            lives = "".join(self.life(offset) for offset, _ in (missing + extra)[:2])
            raise Finding(f"not {what}: missing {missing[:9]}, too much {extra[:9]}, or out of order{lives}")
        for part, effect in zip(self.parts, expected):
            record = effect.record
            self.require(part["action"] == record.action and part["key"] == f"#{record.key}", f"not {record}: {part}")
            if effect.change == "left":
                self.require("instance" not in part, "`left` with an instance")
            else:
                self.require(part["instance"] == record.instance(), f"not the instance of {record}: {part}")


    def life(self, offset: int) -> str:
        """What the instance of a record went through before, for a person."""
        of = self.truth.records[offset]
        steps = [
            f"{number} {record.action} {sides[0]} -> {sides[1]}"
            for number, (record, sides) in enumerate(zip(self.truth.records, self.truth.sides))
            if (record.model, record.key) == (of.model, of.key)
        ]
        return f"\n  {of.model} {of.key}:\n    " + "\n    ".join(steps)


def shorten(content) -> str:
    text = str(content)
    return text if len(text) < 600 else f"{text[:400]} … {text[-180:]}"

"""Random readers and writers on a server that is killed again and again, held against what was acknowledged.

Starts `livelog serve` itself. Prints one JSON line: the seed, how much was tried and compared, and what was
found. Everything that is random comes from the seed; what the machine does in between does not.
"""

import argparse
import asyncio
import json
import tempfile
import time
from collections import Counter
from random import Random

from delivery.check import Checker
from delivery.server import Server, Writer, World
from delivery.session import Session, Subscription
from delivery.spoil import MISTAKES, spoiled
from delivery.truth import Place, Truth
from delivery.values import random_filter

SUBSCRIPTIONS_PER_SESSION = 5
# At the end, how long nobody may come nearer to it. Small windows make it slow; only standing still is a finding.
SECONDS_WITHOUT_PROGRESS = 30
# Who wants nothing that the last batch has hears of the end by a heartbeat, or at once on a new connection.
SECONDS_BEFORE_HEARTBEATS_ARE_SKIPPED = 3


class Oracle:
    def __init__(self, arguments, seed: int, data: str):
        self.random, self.steps = Random(seed), arguments.steps
        self.truth, self.statistics, self.findings = Truth(), Counter(), []
        self.server = Server(arguments.livelog, data, ["--segment-bytes", str(1 << 20), "--cold-after", "2s"])
        self.world = World(Random(seed + 1))
        self.writers = [
            Writer(number, self.server, self.truth, Random(seed + 10 + number), self.findings)
            for number in range(arguments.writers)
        ]
        self.sessions = [
            Session(self.server, Random(seed + 100 + number), self.acknowledged, self.findings, self.statistics)
            for number in range(arguments.sessions)
        ]
        self.kills = set(self.random.sample(range(self.steps // 10, self.steps), arguments.kills))
        self.all: list[Subscription] = []
        self.tokens: list[str] = []
        self.tasks: set[asyncio.Task] = set()

    def acknowledged(self) -> int:
        """The end of what is known to be in the log."""
        return max((first + len(changes) for first, changes in self.truth.batches.items()), default=0)

    def begin(self, task) -> None:
        task = asyncio.create_task(task)
        self.tasks.add(task)
        task.add_done_callback(self.done)

    def done(self, task: asyncio.Task) -> None:
        self.tasks.discard(task)
        if not task.cancelled() and task.exception():
            self.findings.append(f"the oracle itself failed: {task.exception()!r}")

    async def run(self) -> None:
        await self.server.start()
        for runner in self.writers + self.sessions:
            self.begin(runner.run())
        try:
            for step in range(self.steps):
                if step in self.kills:
                    await self.server.kill()
                    await self.server.start()
                await self.step()
                await asyncio.sleep(self.random.random() * 0.04)
                if self.findings:
                    break
            await self.reach_the_end()
        finally:
            for task in self.tasks:
                task.cancel()
            await self.server.stop()
        self.check()

    async def step(self) -> None:
        random, session = self.random, self.random.choice(self.sessions)
        for _ in range(random.randrange(3)):
            random.choice(self.writers).queue.put_nowait(self.world.batch())
        match random.choices(["nothing", "subscribe", "edit", "abort", "stall", "flood"], [50, 30, 10, 6, 3, 1])[0]:
            case "subscribe" if len(session.subscriptions) < SUBSCRIPTIONS_PER_SESSION:
                self.begin(session.add(self.subscription(session)))
            case "edit" if session.subscriptions:
                self.begin(self.edit(session, random.choice(list(session.subscriptions.values()))))
            case "abort":
                session.abort()
            case "stall":
                self.begin(session.stall(random.random() * 2))
            case "flood":
                self.statistics["floods"] += 1
                for stalled in random.sample(self.sessions, len(self.sessions) // 2):
                    self.begin(stalled.stall(0.5 + random.random() * 2))
                for batch in self.world.flood():
                    self.writers[0].queue.put_nowait(batch)

    async def edit(self, session: Session, old: Subscription) -> None:
        """Ends a subscription, and goes on from its token with another filter."""
        if not old.is_ending:
            self.statistics["edits"] += 1
            await session.end(old)
            await session.add(self.subscription(session, place=old.token))

    def subscription(self, session: Session, place: str | None = None) -> Subscription:
        random, request = self.random, {}
        if place or (self.tokens and random.random() < 0.1):
            request["from"] = place or random.choice(self.tokens)
        else:
            end = self.acknowledged()
            kind = random.choice(["now", "start", "start", "snapshot", "snapshot", "offset", "time", "ahead", "epoch"])
            now = time.time_ns() // 1000
            match kind:
                case "offset":
                    request["from"] = {"offset": random.randint(0, end)}
                case "time":
                    request |= {"from": {"time": now}, "since": end, "until": None}
                case "ahead":
                    request |= {"from": {"offset": end + 10_000_000}, "refusal": "offset-ahead"}
                case "epoch" if self.tokens:
                    token = random.choice(self.tokens)
                    other = "B" if token[4] != "B" else "C"
                    request |= {"from": token[:4] + other + token[5:], "refusal": "epoch"}
                case "epoch":
                    request["from"] = "now"
                case _:
                    request["from"] = kind
        if random.random() < 0.3:
            request["catchUp"] = "latest"
        if random.random() < 0.3 and request["from"] != "snapshot":
            request["budget"] = random.choice([1, 5, 50, 500, 5000])
        # Some filters are shared, as pages of one application share theirs.
        shared = [subscription.filter for subscription in self.all]
        wanted = random.choice(shared) if shared and random.random() < 0.4 else random_filter(random)
        subscription = Subscription(len(self.all), wanted, request)
        self.all.append(subscription)
        self.tokens = [subscription.token for subscription in self.all if subscription.token][-50:]
        return subscription

    async def reach_the_end(self) -> None:
        """Publishes something for everyone, and lets every client read it."""
        await asyncio.gather(*(writer.queue.join() for writer in self.writers))
        filters = {id(s.filter): s.filter for session in self.sessions for s in session.subscriptions.values()}
        if not self.findings:
            await self.writers[0].submit(self.world.last(list(filters.values())))
        began, skipped = time.monotonic(), False
        advanced, places = began, None
        while waiting := [session for session in self.sessions if not self.is_at_end(session)]:
            if places != (places := [s.token for session in waiting for s in session.subscriptions.values()]):
                advanced = time.monotonic()
            if self.findings or time.monotonic() - advanced > SECONDS_WITHOUT_PROGRESS:
                break
            if not skipped and time.monotonic() - began > SECONDS_BEFORE_HEARTBEATS_ARE_SKIPPED:
                skipped = True
                for session in waiting:
                    self.statistics["waited for a heartbeat"] += 1
                    session.abort()
            await asyncio.sleep(0.02)
        self.statistics["seconds to the end"] = round(time.monotonic() - began, 2)

    def is_at_end(self, session: Session) -> bool:
        end = self.acknowledged()
        return all(s.token and Place.of(s.token).next == end for s in session.subscriptions.values())

    def check(self) -> None:
        self.findings += self.truth.close()
        sent = sorted(entry for writer in self.writers for entry in writer.sent)
        for subscription in self.all:
            for kind, content in subscription.trace:
                if kind == "ask" and "since" in content and isinstance(content["from"], dict):
                    later = [first for at, first in sent if at > content["from"]["time"]]
                    content["until"] = min(later, default=None)
        for subscription in self.all:
            if self.findings:
                break
            if wrong := Checker(self.truth, subscription, self.statistics).run():
                self.findings.append(wrong)
        if not self.findings:
            self.check_the_check()
        self.statistics |= {
            "kills": self.server.kills,
            "records": len(self.truth.records),
            "batches": len(self.truth.batches),
            "batches acknowledged twice": sum(writer.repeated for writer in self.writers),
            "subscriptions": len(self.all),
        }


    def check_the_check(self) -> None:
        """Makes mistakes in what was received, each of which must be noticed."""
        for mistake in MISTAKES:
            occasions = (spoiled(one, mistake, self.random) for one in self.random.sample(self.all, len(self.all)))
            for spoilt, _ in zip(filter(None, occasions), range(3)):
                self.statistics["mistakes made"] += 1
                if not Checker(self.truth, spoilt, Counter()).run():
                    self.findings.append(f"not noticed: {mistake.__name__} in {spoilt}")


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("livelog", help="the server's program")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--sessions", type=int, default=10)
    parser.add_argument("--writers", type=int, default=3)
    parser.add_argument("--kills", type=int, default=4)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="livelog-oracle-") as directory:
        oracle = Oracle(arguments, arguments.seed, directory + "/data")
        await oracle.run()
    result = {"seed": arguments.seed, "findings": oracle.findings[:5], "statistics": oracle.statistics}
    print(json.dumps(result), flush=True)


if __name__ == "__main__":
    asyncio.run(main())

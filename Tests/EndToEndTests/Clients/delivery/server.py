"""The server that is killed, and writers that outlive it."""

import asyncio
import http.client
import json
import os
import signal
import time
from random import Random

from .truth import Change, Truth
from .values import Filter, random_groups


class Server:
    """`livelog serve` on one directory and one port, across `kill -9`."""

    def __init__(self, program: str, data: str, options: list[str]):
        self.program, self.data, self.options = program, data, options
        self.port, self.process, self.kills = 0, None, 0

    async def start(self) -> None:
        self.process = await asyncio.create_subprocess_exec(
            self.program, "serve", "--data", self.data, "--listen", f"127.0.0.1:{self.port}",
            "--log-level", "warning", *self.options, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        line = (await self.process.stdout.readline()).decode()
        if not line.startswith("listening on "):
            raise SystemExit(f"the server ended with {await self.process.wait()} before it listened: {line}")
        self.port = int(line.rsplit(":", 1)[1])

    async def kill(self) -> None:
        os.kill(self.process.pid, signal.SIGKILL)
        await self.process.wait()
        self.kills += 1

    async def stop(self) -> None:
        if self.process and self.process.returncode is None:
            self.process.kill()
            await self.process.wait()


class Writer:
    """Submits batches one after the other, each until it has a receipt."""

    def __init__(self, number: int, server: Server, truth: Truth, random: Random, findings: list[str]):
        self.number, self.server, self.truth, self.random, self.findings = number, server, truth, random, findings
        self.queue: asyncio.Queue = asyncio.Queue()
        self.sequence, self.repeated, self.sent = 0, 0, []

    async def run(self) -> None:
        while True:
            changes = await self.queue.get()
            await self.submit(changes)
            self.queue.task_done()

    async def submit(self, changes: list[Change]) -> dict:
        self.sequence += 1
        name = f"{self.number}-{self.sequence}"
        headers = {"Idempotency-Key": name}
        if self.number % 2:
            headers = {"Livelog-Producer": f"writer-{self.number}", "Livelog-Sequence": str(self.sequence)}
        # One atomic batch either way.
        lines = [change.json() for change in changes]
        is_array = self.random.random() < 0.5
        headers["Content-Type"] = "application/json" if is_array else "application/x-ndjson"
        body = f"[{','.join(lines)}]" if is_array else "\n".join(lines)
        sent_at = time.time_ns() // 1000
        while True:
            try:
                status, answer = await asyncio.to_thread(self.post, body.encode(), headers)
            except (OSError, http.client.HTTPException):
                await asyncio.sleep(0.02)
                continue
            if status == 503:
                await asyncio.sleep(0.02)
                continue
            receipt = json.loads(answer)
            if status not in (200, 201):
                self.findings.append(f"a batch was refused with {status}: {answer}")
                return receipt
            self.repeated += receipt.get("repeated", False)
            if wrong := self.truth.acknowledge(receipt, changes):
                self.findings.append(wrong)
            self.sent.append((sent_at, receipt["first"]))
            return receipt

    def post(self, body: bytes, headers: dict) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30)
        try:
            connection.request("POST", "/v1/changes", body, headers)
            reply = connection.getresponse()
            return reply.status, reply.read().decode()
        finally:
            connection.close()


class World:
    """Instances that change at random. A batch may change one of them more than once."""

    def __init__(self, random: Random, keys: int = 60):
        self.random, self.keys, self.serial = random, keys, 0

    def change(self, pad: int = 0) -> Change:
        random = self.random
        self.serial += 1
        groups = {"list": random.choice(["0", "1", "7"])} if random.random() < 0.1 else {}
        action = random.choices(["CREATED", "UPDATED", "DELETED"], [2, 6, 2])[0]
        model = "oracle.Item" if random.random() < 0.8 else "oracle.Other"
        key = random.randrange(self.keys)
        return Change(model, action, key, random_groups(random), groups, pad, self.serial)

    def batch(self) -> list[Change]:
        size = self.random.choice([1, 1, 1, 2, 3, 5, 20, 200] if self.random.random() < 0.3 else [1, 2, 4, 8])
        batch = [self.change(300 if self.random.random() < 0.1 else 0) for _ in range(size)]
        if size > 2 and self.random.random() < 0.3:
            # One instance in, out and in again.
            for change in batch:
                change.key = batch[0].key
        return batch

    def flood(self) -> list[list[Change]]:
        """Batches that are together more than any socket takes without its peer."""
        return [[self.change(60_000) for _ in range(15)] for _ in range(5)]

    def last(self, filters: list[Filter]) -> list[Change]:
        """Something for everyone."""
        batch = []
        for number, wanted in enumerate(filters):
            if (groups := wanted.example(self.random)) is not None:
                self.serial += 1
                batch.append(Change(wanted.model, "UPDATED", 10_000 + number, groups, {}, 0, self.serial))
        return batch or [self.change()]

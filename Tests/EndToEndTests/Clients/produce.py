"""Publishes numbered changes of the dialect livelog.producer.v1, pipelined, across lost connections.

Batch n is one change of model `m` with {"id": n, "all": 1}. With --producer, what has no receipt is sent
again after a lost connection; with --losses it goes on until that many connections were lost, and then for
COUNT batches more. Prints each answer of the server as one line, in the order in which they come;
{"closed": CODE} when the server closes, and then, without --producer, the end.
"""

import argparse
import asyncio
import itertools
import json
import random

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed


def message(number: int, is_refused: bool, padding: str) -> str:
    change = {"model": "m", "action": "CREATED", "instance": {"id": number, "all": 1}}
    if padding:
        change["instance"]["padding"] = padding
    if is_refused:
        change["action"] = "NONSENSE"
    return json.dumps({"batch": number, "changes": [change]})


class Producer:
    def __init__(self, arguments: argparse.Namespace) -> None:
        self.arguments = arguments
        self.answered = 0
        self.sent = 0
        self.losses = 0
        # The last batch, once it is known.
        self.last = None if arguments.losses else arguments.count
        self.padding = "x" * arguments.padding

    def is_refused(self, number: int) -> bool:
        chance = random.Random(self.arguments.seed * 1_000_003 + number)
        return chance.random() < self.arguments.refused

    async def run(self) -> None:
        async for socket in connect(
            self.arguments.url, subprotocols=["livelog.producer.v1"], max_size=None
        ):
            try:
                await self.publish(socket)
                return
            except ConnectionClosed as closed:
                print(json.dumps({"closed": closed.rcvd.code if closed.rcvd else None}), flush=True)
                if not self.arguments.producer:
                    return
                self.losses += 1
                if self.last is None and self.losses >= self.arguments.losses:
                    self.last = self.sent + self.arguments.count

    async def publish(self, socket) -> None:
        if self.arguments.producer:
            await socket.send(json.dumps({"producer": self.arguments.producer}))
        # Whoever goes on until he is interrupted must not run far ahead of whoever interrupts.
        room = asyncio.Semaphore(16 if self.arguments.losses else 1_000_000)
        sending = asyncio.create_task(self.send(socket, room))
        try:
            while self.answered != self.last:
                text = await socket.recv()
                print(text, flush=True)
                answer = json.loads(text)
                number = answer.get("receipt", answer.get("refused"))
                # Answers come in the order of the batches, and none is left out.
                assert number == self.answered + 1, f"{text} after {self.answered}"
                if answer.get("code") not in ("stopping", "disk-full", "log-failed"):
                    self.answered = number
                room.release()
        finally:
            sending.cancel()

    async def send(self, socket, room: asyncio.Semaphore) -> None:
        for number in itertools.count(self.answered + 1):
            if self.last is not None and number > self.last:
                return
            await room.acquire()
            self.sent = max(self.sent, number)
            await socket.send(message(number, self.is_refused(number), self.padding))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--producer")
    parser.add_argument("--losses", type=int, default=0)
    parser.add_argument("--refused", type=float, default=0, help="share of batches that are nonsense")
    parser.add_argument("--padding", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    producer = Producer(parser.parse_args())
    asyncio.run(producer.run())


main()

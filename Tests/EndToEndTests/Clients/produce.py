"""Publishes numbered changes of the dialect livelog.producer.v1, pipelined, across lost connections.

Batch n is one change of model `m` with {"id": n, "all": 1}. With --producer, what has no receipt is sent
again after a lost connection. Prints each answer of the server as one line, in the order in which they come;
{"closed": CODE} when the server closes, and then, without --producer, the end.
"""

import argparse
import asyncio
import json
import random

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed


def message(number: int, refused: set[int], padding: str) -> str:
    change = {"model": "m", "action": "CREATED", "instance": {"id": number, "all": 1}}
    if padding:
        change["instance"]["padding"] = padding
    if number in refused:
        change["action"] = "NONSENSE"
    return json.dumps({"batch": number, "changes": [change]})


class Producer:
    def __init__(self, arguments: argparse.Namespace) -> None:
        self.arguments = arguments
        self.answered = 0
        self.padding = "x" * arguments.padding
        chance = random.Random(arguments.seed)
        numbers = range(1, arguments.count + 1)
        self.refused = {n for n in numbers if chance.random() < arguments.refused}

    @property
    def is_done(self) -> bool:
        return self.answered == self.arguments.count

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

    async def publish(self, socket) -> None:
        if self.arguments.producer:
            await socket.send(json.dumps({"producer": self.arguments.producer}))
        sending = asyncio.create_task(self.send(socket))
        try:
            while not self.is_done:
                text = await socket.recv()
                print(text, flush=True)
                answer = json.loads(text)
                number = answer.get("receipt", answer.get("refused"))
                # Answers come in the order of the batches, and none is left out.
                assert number == self.answered + 1, f"{text} after {self.answered}"
                if answer.get("code") not in ("stopping", "disk-full", "log-failed"):
                    self.answered = number
        finally:
            sending.cancel()

    async def send(self, socket) -> None:
        for number in range(self.answered + 1, self.arguments.count + 1):
            await socket.send(message(number, self.refused, self.padding))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--producer")
    parser.add_argument("--refused", type=float, default=0, help="share of batches that are nonsense")
    parser.add_argument("--padding", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    producer = Producer(parser.parse_args())
    asyncio.run(producer.run())


main()

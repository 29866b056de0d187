"""Reads and publishes by an API key over two WebSockets until the server closes them, and prints each close.

Prints "live" when it follows the model, and from then on publishes one change after the other.
"""

import argparse
import asyncio
import itertools
import json

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("base", help="ws://HOST:PORT/ws")
parser.add_argument("key")
parser.add_argument("model")
arguments = parser.parse_args()
HEADERS = {"Authorization": f"Bearer {arguments.key}"}


async def run() -> None:
    async with (
        connect(f"{arguments.base}/subscribe/", subprotocols=["livelog.v1"], additional_headers=HEADERS) as reader,
        connect(
            f"{arguments.base}/publish/", subprotocols=["livelog.producer.v1"], additional_headers=HEADERS
        ) as writer,
    ):
        await reader.send(json.dumps({"subscribe": 1, "model": arguments.model, "from": "now"}))
        while not json.loads(await reader.recv()).get("live"):
            pass
        print("live", flush=True)

        async def read() -> None:
            try:
                while True:
                    await reader.recv()
            except ConnectionClosed as closed:
                print("reader", closed.rcvd.code, flush=True)

        async def write() -> None:
            refused = None
            try:
                for number in itertools.count():
                    change = {"model": arguments.model, "action": "CREATED", "instance": {"id": number}}
                    await writer.send(json.dumps({"batch": number, "changes": [change]}))
                    answer = json.loads(await writer.recv())
                    refused = answer.get("code", refused)
            except ConnectionClosed as closed:
                print("writer", closed.rcvd.code, refused, flush=True)

        await asyncio.gather(read(), write())


asyncio.run(run())

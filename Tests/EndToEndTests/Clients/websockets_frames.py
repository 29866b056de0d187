"""Follows a subscription of livelog.v1 with websockets, and prints each message of the server as it came."""

import argparse
import asyncio
import json

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("url")
parser.add_argument("request", type=json.loads, help="the members of subscribe")
arguments = parser.parse_args()


async def follow() -> None:
    request = {"subscribe": 1} | arguments.request
    async for socket in connect(arguments.url, subprotocols=["livelog.v1"], max_size=None):
        try:
            await socket.send(json.dumps(request))
            async for text in socket:
                print(text, flush=True)
                request["from"] = json.loads(text).get("token", request["from"])
        except ConnectionClosed:
            continue


asyncio.run(follow())

"""Follows a subscription of dialect livelog.v1 from the start of the log, across lost connections.

Prints each record as one JSON line. The library reconnects; the token says where to go on.
"""

import argparse
import asyncio
import json
import sys

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed


async def follow(url: str, model: str, where: dict) -> None:
    position = "start"
    async for socket in connect(url, subprotocols=["livelog.v1"], max_size=None):
        subscribe = {"subscribe": 1, "model": model, "where": where, "from": position}
        try:
            await socket.send(json.dumps(subscribe))
            async for text in socket:
                frame = json.loads(text)
                if "error" in frame or "reset" in frame:
                    sys.exit(f"refused: {text}")
                for record in frame.get("records", []):
                    print(json.dumps(record), flush=True)
                # Only after the whole batch: a token covers every record of its frame.
                position = frame.get("token", position)
        except ConnectionClosed:
            continue


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--model", required=True)
    parser.add_argument("--where", required=True, metavar="PROPERTY=VALUE")
    arguments = parser.parse_args()
    name, value = arguments.where.split("=", 1)
    asyncio.run(follow(arguments.url, arguments.model, {name: value}))


main()

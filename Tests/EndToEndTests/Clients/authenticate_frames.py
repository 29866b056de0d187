"""Says who it is after it has connected, subscribes, and subscribes again when it is told that its rights changed.

Prints each message of the server as it came.
"""

import argparse
import asyncio
import json

from websockets.asyncio.client import connect

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("url")
parser.add_argument("token")
parser.add_argument("model")
arguments = parser.parse_args()


async def follow() -> None:
    async with connect(arguments.url, subprotocols=["livelog.v1"]) as socket:
        number = 1

        async def say(message: dict) -> None:
            await socket.send(json.dumps(message))

        await say({"subscribe": number, "model": arguments.model})
        async for text in socket:
            print(text, flush=True)
            message = json.loads(text)
            if message.get("code") == "forbidden":
                await say({"authenticate": arguments.token})
            elif "authenticated" in message or "reset" in message:
                number += 1
                start = "snapshot" if "reset" in message else "now"
                await say({"subscribe": number, "model": arguments.model, "from": start})


asyncio.run(follow())

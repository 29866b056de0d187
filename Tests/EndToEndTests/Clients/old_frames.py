"""Subscribes as clients of django-rest-live do, prints "ready", and then each message of the server as it came.

Each subscription is an argument PROPERTY=VALUE. The server answers nothing to a subscription; a ping that is answered
says that those before it were taken.
"""

import argparse
import asyncio
import json

from websockets.asyncio.client import connect

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("url")
parser.add_argument("model")
parser.add_argument("groups", nargs="+")
arguments = parser.parse_args()


async def follow() -> None:
    async with connect(arguments.url, max_size=None) as socket:
        for group in arguments.groups:
            name, value = group.split("=", 1)
            message = {"model": arguments.model, "property": name, "value": value}
            await socket.send(json.dumps(message))
        await (await socket.ping())
        print("ready", flush=True)
        async for text in socket:
            print(text, flush=True)


asyncio.run(follow())

"""Follows a subscription of livelog.v1 with aiohttp, and prints each message of the server as it came."""

import argparse
import asyncio
import json
import sys

import aiohttp

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("url")
parser.add_argument("request", type=json.loads, help="the members of subscribe")
arguments = parser.parse_args()


async def follow() -> None:
    request = {"subscribe": 1} | arguments.request
    async with aiohttp.ClientSession() as session:
        while True:
            try:
                async with session.ws_connect(arguments.url, protocols=["livelog.v1"], max_msg_size=0) as socket:
                    if socket.protocol != "livelog.v1":
                        sys.exit(f"the server chose {socket.protocol}")
                    await socket.send_str(json.dumps(request))
                    async for message in socket:
                        print(message.data, flush=True)
                        request["from"] = json.loads(message.data).get("token", request["from"])
            except aiohttp.ClientError:
                await asyncio.sleep(0.05)


asyncio.run(follow())

"""Publishes numbered changes over one wss connection and follows them over another one.

Prints the serial number of the server's certificate, then, when all records have come, their number; and that again for
each SIGUSR1, after one more has come over the connections that it has.
"""

import argparse
import asyncio
import itertools
import json
import signal
import ssl

from websockets.asyncio.client import connect

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("port", type=int)
parser.add_argument("certificate", help="the server's certificate, which is trusted")
parser.add_argument("count", type=int)
parser.add_argument("--padding", type=int, default=10)
parser.add_argument("--pause", type=int, default=0, help="records after which it waits for the others to be published")
arguments = parser.parse_args()


class Followed:
    def __init__(self, socket) -> None:
        self.socket = socket
        self.next = 0

    async def until(self, count: int) -> None:
        while self.next < count:
            for record in json.loads(await self.socket.recv()).get("records", []):
                if record["instance"]["id"] != self.next:
                    raise SystemExit(f"record {self.next} is {record}")
                self.next += 1


async def run() -> None:
    context = ssl.create_default_context(cafile=arguments.certificate)
    base = f"wss://localhost:{arguments.port}/ws"
    async with (
        connect(
            f"{base}/subscribe/", ssl=context, subprotocols=["livelog.v1"], max_size=None,
            max_queue=1,
        ) as reader,
        connect(f"{base}/publish/", ssl=context, subprotocols=["livelog.producer.v1"]) as writer,
    ):
        certificate = reader.transport.get_extra_info("ssl_object").getpeercert()
        print(certificate["serialNumber"], flush=True)
        await reader.send(json.dumps({"subscribe": 1, "model": "m", "from": "start"}))
        followed = Followed(reader)

        async def publish(number: int) -> None:
            change = {
                "model": "m",
                "action": "CREATED",
                "instance": {"id": number, "padding": "x" * arguments.padding},
            }
            await writer.send(json.dumps({"batch": number, "changes": [change]}))
            answer = json.loads(await writer.recv())
            if answer.get("receipt") != number:
                raise SystemExit(f"batch {number} was answered {answer}")

        async def publish_all() -> None:
            for number in range(arguments.count):
                await publish(number)

        publishing = asyncio.create_task(publish_all())
        if arguments.pause:
            await followed.until(arguments.pause)
            await publishing
        await followed.until(arguments.count)
        await publishing
        asked = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, asked.set)
        # Whoever starts this may have blocked it.
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGUSR1})
        print(followed.next, flush=True)
        for number in itertools.count(arguments.count):
            await asked.wait()
            asked.clear()
            await publish(number)
            await followed.until(number + 1)
            print(followed.next, flush=True)


asyncio.run(run())

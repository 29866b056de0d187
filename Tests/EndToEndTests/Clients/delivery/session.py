"""A client that keeps several subscriptions over one socket after the other, and notes all that happens to them."""

import asyncio
import json
import socket
import struct
from random import Random

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from .truth import parse
from .values import Filter


class Subscription:
    def __init__(self, number: int, wanted: Filter, request: dict):
        self.number, self.filter, self.request = number, wanted, request
        self.token: str | None = None
        self.trace: list[tuple] = []
        self.is_over, self.is_ending = False, False
        # The connection on which it was asked for.
        self.socket = None

    def __str__(self) -> str:
        return f"subscription {self.number} to {self.filter.model} {self.filter.where()} with {self.request}"

    def take(self, frame: dict) -> None:
        self.trace.append(("frame", frame))
        self.token = frame.get("token", self.token)
        self.is_over = self.is_over or "reset" in frame or "unsubscribed" in frame


def read(text: str) -> dict:
    """A frame with numbers as the text that they are, except for those that are the protocol's own."""
    frame = parse(text)
    for record in frame.get("records", []):
        record["offset"] = int(record["offset"][1:])
        pad = record.get("instance", {}).get("pad")
        if pad is not None:
            # Kept by its length, so that a long run fits in memory.
            record["instance"]["pad"] = len(pad) if pad == "x" * len(pad) else pad
    return frame


class Session:
    def __init__(self, server, random: Random, acknowledged, findings: list[str], statistics):
        self.server, self.random, self.acknowledged = server, random, acknowledged
        self.findings, self.statistics = findings, statistics
        self.subscriptions: dict[str, Subscription] = {}
        self.socket = None
        self.resume = asyncio.Event()
        self.resume.set()

    async def run(self) -> None:
        while True:
            try:
                await self.once()
            except (OSError, ConnectionClosed, InvalidHandshake, TimeoutError, EOFError):
                pass
            self.socket = None
            for subscription in list(self.subscriptions.values()):
                subscription.trace.append(("lost", None))
                if subscription.is_ending:
                    self.over(subscription)
            await asyncio.sleep(0.02)

    async def once(self) -> None:
        raw = socket.socket()
        raw.setblocking(False)
        if window := self.random.choice([4096, 16384, None]):
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        try:
            await asyncio.get_running_loop().sock_connect(raw, ("127.0.0.1", self.server.port))
            connecting = connect(
                f"ws://127.0.0.1:{self.server.port}/ws/subscribe/", sock=raw, subprotocols=["livelog.v1"],
                max_size=None, max_queue=4, ping_interval=None,
            )  # fmt: skip
            async with connecting as self.socket:
                self.statistics["connections"] += 1
                for subscription in list(self.subscriptions.values()):
                    await self.ask(subscription)
                while True:
                    await self.resume.wait()
                    self.take(read(await self.socket.recv()))
        except ConnectionClosed as closed:
            if closed.rcvd and closed.rcvd.code not in (1001, 1012):
                self.findings.append(f"the server closed with {closed.rcvd}")
            raise
        finally:
            raw.close()

    def take(self, frame: dict) -> None:
        if frame.get("code") == "unknown-subscription" and frame["error"] not in self.subscriptions:
            # It was refused while its end was on the way.
            return
        if "error" in frame:
            self.findings.append(f"refused: {frame}")
            return
        number = next(iter(frame.values()))
        subscription = self.subscriptions.get(number)
        if subscription is None:
            self.findings.append(f"for a subscription that is over: {frame}")
            return
        subscription.take(frame)
        if subscription.is_over:
            self.over(subscription)
        if frame.get("more") and self.random.random() < 0.1:
            # In the middle of an answer, which the next connection must give whole.
            self.abort()

    def over(self, subscription: Subscription) -> None:
        subscription.is_over = True
        self.subscriptions.pop(f"#{subscription.number}", None)

    async def ask(self, subscription: Subscription) -> None:
        if subscription.is_over or subscription.socket is self.socket:
            return
        subscription.socket = self.socket
        request = dict(subscription.request)
        if subscription.token:
            request["from"] = subscription.token
            request.pop("refusal", None)
            self.statistics["resumes"] += 1
        asked = request | {"acknowledged": self.acknowledged()}
        subscription.trace.append(("ask", asked))
        wire = {name: request[name] for name in ("from", "catchUp", "budget") if name in request}
        head = f'{{"subscribe":{subscription.number},"model":"{subscription.filter.model}"'
        where = f',"where":{subscription.filter.where()}' if subscription.filter.conditions else ""
        await self.socket.send(f"{head}{where},{json.dumps(wire)[1:]}" if wire else f"{head}{where}}}")

    # What a test does to it

    async def add(self, subscription: Subscription) -> None:
        self.subscriptions[f"#{subscription.number}"] = subscription
        if self.socket:
            await self.quietly(self.ask(subscription))

    async def end(self, subscription: Subscription) -> None:
        subscription.is_ending = True
        if self.socket and subscription.socket is self.socket:
            await self.quietly(self.socket.send(f'{{"unsubscribe":{subscription.number}}}'))
        else:
            self.over(subscription)

    def abort(self) -> None:
        """Ends the connection with a reset, whatever is in its buffers."""
        if self.socket:
            self.statistics["aborted connections"] += 1
            self.socket.transport.abort()

    async def stall(self, seconds: float) -> None:
        """Reads nothing for a while."""
        self.resume.clear()
        self.statistics["stalls"] += 1
        await asyncio.sleep(seconds)
        self.resume.set()

    @staticmethod
    async def quietly(sending) -> None:
        try:
            await sending
        except (ConnectionClosed, OSError):
            pass

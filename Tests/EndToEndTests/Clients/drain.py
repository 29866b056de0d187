"""Holds many sessions and a producer open, tells the server to stop, and prints what they see of it.

The report is one JSON line. With --twice the server is told twice, and the report is {"lost": COUNT}.
"""

import argparse
import asyncio
import json
import os
import signal
import time
import urllib.error
import urllib.request
from collections import Counter

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("url")
parser.add_argument("process", type=int)
parser.add_argument("sessions", type=int)
parser.add_argument("--twice", action="store_true")
arguments = parser.parse_args()
server = arguments.url.replace("ws:", "http:").split("/ws/")[0]


async def ask(path: str, body: bytes | None = None):
    def request():
        headers = {"Content-Type": "application/json"} if body else {}
        try:
            with urllib.request.urlopen(
                urllib.request.Request(server + path, body, headers), timeout=30
            ) as answer:
                return answer.status, dict(answer.headers), answer.read()
        except urllib.error.HTTPError as refusal:
            return refusal.code, dict(refusal.headers), refusal.read()

    return await asyncio.get_running_loop().run_in_executor(None, request)


async def until_closed(socket, ends: list) -> None:
    last = ""
    try:
        while True:
            last = await socket.recv()
    except ConnectionClosed as closed:
        ends.append((time.monotonic(), closed.rcvd.code if closed.rcvd else None, last))


def is_farewell(message: str, end: str) -> bool:
    """Whether a session was told where it is, and not that it goes on."""
    frame = json.loads(message)
    return frame.get("covered") == 1 and "live" not in frame and frame.get("token") == end


async def main() -> None:
    sockets = []
    for _ in range(arguments.sessions):
        sockets.append(await connect(arguments.url, subprotocols=["livelog.v1"]))
        await sockets[-1].send('{"subscribe":1,"model":"m"}')
    for socket in sockets:
        await socket.recv()
    producer = await connect(arguments.url, subprotocols=["livelog.producer.v1"])
    change = '{"model":"m","action":"CREATED","instance":{"id":1}}'
    await producer.send('{"batch":1,"changes":[' + change + "]}")
    assert "receipt" in await producer.recv()
    end = json.loads((await ask("/v1/changes?model=m&from=start"))[2])["token"]
    before = [await ask("/readyz"), await ask("/healthz")]
    ends: list = []
    waiting = [asyncio.create_task(until_closed(socket, ends)) for socket in sockets + [producer]]

    started = time.monotonic()
    os.kill(arguments.process, signal.SIGTERM)
    while (ready := await ask("/readyz"))[0] == 200:
        pass
    if arguments.twice:
        os.kill(arguments.process, signal.SIGTERM)
        await asyncio.gather(*waiting)
        print(json.dumps({"lost": sum(code is None for _, code, _ in ends)}), flush=True)
        return
    healthy = await ask("/healthz")
    publish = await ask("/v1/changes", change.encode())
    try:
        await connect(arguments.url, subprotocols=["livelog.v1"])
        handshake = 101
    except InvalidStatus as refusal:
        handshake = refusal.response.status_code
    await asyncio.gather(*waiting)
    times = [at - started for at, _, _ in ends]
    report = {
        "ready": [before[0][0], ready[0]],
        "healthy": [before[1][0], healthy[0]],
        "publish": publish[0],
        "retryAfter": publish[1].get("Retry-After", publish[1].get("retry-after")),
        "code": json.loads(publish[2])["code"],
        "handshake": handshake,
        "closes": Counter(str(code) for _, code, _ in ends),
        "farewells": sum(is_farewell(last, end) for _, _, last in ends if last),
        "seconds": {"first": min(times), "last": max(times)},
    }
    print(json.dumps(report), flush=True)


asyncio.run(main())

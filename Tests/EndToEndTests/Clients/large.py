"""Sends one batch of 100 changes as a message of an exact size, in so many fragments, then a small batch.

Prints the server's answers, one a line, and {"closed": CODE} when the server closes.
"""

import argparse
import json

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("url")
parser.add_argument("size", type=int)
parser.add_argument("--fragments", type=int, default=1)
arguments = parser.parse_args()


def batch(padding: int) -> str:
    changes = [
        {"model": "m", "action": "CREATED", "instance": {"id": number, "padding": "x" * padding}}
        for number in range(100)
    ]
    return json.dumps({"batch": 1, "changes": changes})


message = batch((arguments.size - len(batch(0))) // 100)
# Spaces at the end are the rest.
message += " " * (arguments.size - len(message))
length = -(-len(message) // arguments.fragments)
with connect(
    arguments.url, subprotocols=["livelog.producer.v1"], max_size=None, compression=None
) as socket:
    try:
        socket.send(message[start : start + length] for start in range(0, len(message), length))
        print(socket.recv(timeout=60), flush=True)
        change = {"model": "m", "action": "CREATED", "instance": {"id": 1}}
        socket.send(json.dumps({"batch": 2, "changes": [change]}))
        print(socket.recv(timeout=60), flush=True)
    except ConnectionClosed as closed:
        print(json.dumps({"closed": closed.rcvd.code if closed.rcvd else None}), flush=True)

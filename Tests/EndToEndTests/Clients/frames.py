"""Sends WebSocket frames one after the other and prints the reply to each as one JSON line.

Each frame is an argument: `text:CONTENT` or `binary:HEX`. A reply is {"reply": TEXT}; when the server
closes instead, {"closed": CODE} is the last line.
"""

import argparse
import json

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("url")
parser.add_argument("--subprotocol", action="append", dest="subprotocols")
parser.add_argument("frames", nargs="+", metavar="FRAME")
arguments = parser.parse_args()

with connect(arguments.url, subprotocols=arguments.subprotocols, max_size=None) as socket:
    for frame in arguments.frames:
        kind, content = frame.split(":", 1)
        try:
            socket.send(content if kind == "text" else bytes.fromhex(content))
            print(json.dumps({"reply": socket.recv(timeout=30)}), flush=True)
        except ConnectionClosed as closed:
            print(json.dumps({"closed": closed.rcvd.code if closed.rcvd else None}), flush=True)
            break

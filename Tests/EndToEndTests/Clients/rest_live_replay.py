"""Replays what clients of django-rest-live send, and compares what the server answers with what they have to get.

A file of `rest-live/` has a step a line; lines that begin with # are for people:

    -> TEXT          the client sends a text frame
    <- TEXT          the next frame of the server is exactly this
    publish JSON     changes are published over HTTP, and have their receipt
    reconnect        the client's connection is lost, and it opens another one
    closed CODE      the server closes the connection with this code

At a `reconnect` and at the end nothing more may be there: the server is made to send one frame more, a record of
the model replay.End, and that has to be the next one.

Prints "replayed N frames" if all was as it has to be.
"""

import argparse
import json
import sys
import urllib.request
from pathlib import Path

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("server", help="HOST:PORT")
parser.add_argument("path")
parser.add_argument("file", type=Path)
parser.add_argument("--bearer", help="a token or key that the client sends with its handshake")
parser.add_argument("--publish-bearer", help="one that is sent with what is published")
arguments = parser.parse_args()

SECONDS_MAX = 30


def open_socket():
    headers = {"Authorization": f"Bearer {arguments.bearer}"} if arguments.bearer else {}
    return connect(f"ws://{arguments.server}{arguments.path}", additional_headers=headers, max_size=None)


def publish(changes: str) -> None:
    headers = {"Content-Type": "application/json"}
    if arguments.publish_bearer:
        headers["Authorization"] = f"Bearer {arguments.publish_bearer}"
    request = urllib.request.Request(f"http://{arguments.server}/v1/changes", changes.encode(), headers)
    with urllib.request.urlopen(request, timeout=SECONDS_MAX) as answer:
        answer.read()


def fail(line: int, wanted: str, got: str) -> None:
    sys.exit(f"{arguments.file.name}:{line}: wanted {wanted}\n{' ' * len(arguments.file.name)}    got {got}")


ends = 0


def expect_nothing_more(socket, line: int) -> None:
    global ends
    ends += 1
    socket.send(json.dumps({"model": "replay.End", "property": "id", "value": ends}))
    # The answer to a ping says that this was taken.
    socket.ping().wait(SECONDS_MAX)
    publish(json.dumps([{"model": "replay.End", "action": "CREATED", "instance": {"id": ends}}]))
    frame = socket.recv(timeout=SECONDS_MAX)
    if not frame.startswith('{"model":"replay.End",'):
        fail(line, "nothing more", frame)


count = 0
number = 0
socket = open_socket()
is_closed = False
for number, line in enumerate(arguments.file.read_text().splitlines(), 1):
    step, _, text = line.partition(" ")
    if step == "->":
        socket.send(text)
    elif step == "<-":
        frame = socket.recv(timeout=SECONDS_MAX)
        if frame != text:
            fail(number, text, frame)
        count += 1
    elif step == "publish":
        # What was sent before has been taken before.
        socket.ping().wait(SECONDS_MAX)
        publish(text)
    elif step == "reconnect":
        if not is_closed:
            expect_nothing_more(socket, number)
        socket.close()
        socket = open_socket()
        is_closed = False
    elif step == "closed":
        try:
            fail(number, line, socket.recv(timeout=SECONDS_MAX))
        except ConnectionClosed as closed:
            if closed.rcvd is None or closed.rcvd.code != int(text):
                fail(number, line, str(closed))
        is_closed = True
    elif line and step != "#":
        fail(number, "a step", line)
if not is_closed:
    expect_nothing_more(socket, number)
socket.close()
print(f"replayed {count} frames")

"""A WebSocket server of dialect livelog.v1 that says what it is told, and serves files.

The script is a JSON list with an object for each connection, in order: {"say": [MESSAGES], "close": CODE}. After
a request to subscribe the messages are sent, where 0 as the subscription's number stands for the client's;
then the connection is closed with the code, or stays if there is none. Further connections do as the last.

Prints "listening on 127.0.0.1:PORT" and then each message of a client as one line.
"""

import argparse
import itertools
import json
import mimetypes
from http import HTTPStatus
from pathlib import Path

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import serve

KINDS = ("subscribed", "snapshot", "changes", "covered", "reset", "error")


def numbered(message: dict, number: int) -> str:
    return json.dumps({name: number if name in KINDS and value == 0 else value for name, value in message.items()})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("script", type=json.loads)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--file", nargs=2, action="append", default=[], metavar=("PATH", "FILE"))
    arguments = parser.parse_args()
    steps = itertools.chain(arguments.script, itertools.repeat(arguments.script[-1]))
    files = {path: Path(file) for path, file in arguments.file}

    def answer(connection, request):
        file = files.get(request.path)
        if not file:
            return None
        response = connection.respond(HTTPStatus.OK, file.read_text())
        del response.headers["Content-Type"]
        response.headers["Content-Type"] = f"{mimetypes.guess_type(file)[0]}; charset=utf-8"
        return response

    def converse(socket):
        step = next(steps)
        try:
            for text in socket:
                print(text, flush=True)
                number = json.loads(text).get("subscribe")
                if number is None:
                    continue
                for message in step["say"]:
                    socket.send(numbered(message, number))
                if code := step.get("close"):
                    socket.close(code)
        except ConnectionClosed:
            pass

    with serve(
        converse, "127.0.0.1", arguments.port, subprotocols=["livelog.v1"], process_request=answer
    ) as server:
        print(f"listening on 127.0.0.1:{server.socket.getsockname()[1]}", flush=True)
        server.serve_forever()


main()

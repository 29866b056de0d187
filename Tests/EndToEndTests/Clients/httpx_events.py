"""Follows GET /v1/changes as server-sent events with httpx-sse, and prints each event as one JSON line.

After a lost connection it connects again with the last event's id, as EventSource does. A stream that is refused
prints {"status": …, "problem": …} and ends.
"""

import argparse
import json
import time

import httpx
from httpx_sse import connect_sse

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("url")
arguments = parser.parse_args()

last_id, retry = "", 3.0
with httpx.Client(timeout=None) as client:
    while True:
        headers = {"Last-Event-ID": last_id} if last_id else {}
        try:
            with connect_sse(client, "GET", arguments.url, headers=headers) as source:
                if source.response.status_code != 200:
                    source.response.read()
                    refused = {"status": source.response.status_code, "problem": source.response.json()}
                    print(json.dumps(refused), flush=True)
                    break
                for event in source.iter_sse():
                    last_id, retry = event.id or last_id, (event.retry or retry * 1000) / 1000
                    print(
                        json.dumps(
                            {
                                "event": event.event,
                                "id": event.id,
                                "retry": event.retry,
                                "data": json.loads(event.data),
                            }
                        ),
                        flush=True,
                    )
        except httpx.TransportError:
            pass
        time.sleep(retry / 10)

"""Appends by wrk, which knows nothing of Livelog, beside `livelog bench append`: whether both find the same rate, and
whether every batch that wrk was told of is in the log."""

import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

import measure
from servers import Failure, Livelog, Place

BATCH, BYTES, GROUPS, CONNECTIONS, SECONDS = 1000, 256, 100, 2, 5

# Each request has new keys: a prefix of its own takes the place of the first digits.
SCRIPT = """
local template
local thread = 0
local count = 0

function setup(t) t:set("number", thread); thread = thread + 1 end

function init()
    local file = io.open("BODY"); template = file:read("*a"); file:close()
    wrk.method = "POST"
    wrk.path = "/v1/changes"
    wrk.headers["Content-Type"] = "application/x-ndjson"
end

function request()
    count = count + 1
    local prefix = string.format("1%02d%07d", number, count)
    return wrk.format(nil, nil, nil, (template:gsub("PREFIX", prefix)))
end
"""


def body() -> str:
    lines = []
    for place in range(BATCH):
        head = f'{{"id":PREFIX{place:04d},"list_id":{1_000_000 + place % GROUPS},"data":["'
        padding = "." * (BYTES - len(head) - 4 - len('"]}'))  # PREFIX becomes ten digits
        lines.append(f'{{"model":"load.Event","action":"CREATED","instance":{head}{padding}"]}}}}')
    return "\n".join(lines)


def by_wrk(place: Place, seconds: float) -> dict:
    with Livelog(place, "durable") as server, tempfile.TemporaryDirectory(dir=place.directory) as folder:
        text, script = pathlib.Path(folder, "body"), pathlib.Path(folder, "script.lua")
        text.write_text(body())
        script.write_text(SCRIPT.replace("BODY", str(text)))
        cpu, begin = measure.cpu_seconds(server.pid), time.monotonic()
        result = subprocess.run(
            ["wrk", "-t", "1", "-c", str(CONNECTIONS), "-d", f"{seconds:.0f}s", "-s", script,
             f"http://127.0.0.1:{server.port}"], stdout=subprocess.PIPE, text=True, check=True)
        took, cpu = time.monotonic() - begin, measure.cpu_seconds(server.pid) - cpu
        if "Non-2xx" in result.stdout or "Socket errors" in result.stdout:
            raise Failure(f"wrk was refused: {result.stdout}")
        requests = int(re.search(r"(\d+) requests in", result.stdout)[1])
        # Beside the running server, which has acknowledged what is counted.
        stat = json.loads(subprocess.run(
            [place.livelog, "log", "stat", server.directory / "data", "--format", "json"], stdout=subprocess.PIPE,
            check=True).stdout)
        # What was on its way when wrk stopped was appended too, and not counted by it.
        records = stat["records"]
        if not requests * BATCH <= records <= (requests + CONNECTIONS) * BATCH:
            raise Failure(f"wrk got {requests} receipts of {BATCH} records, and the log has {records}")
        return {"records_per_second": records / took, "server_cpu_s_per_million": cpu / records * 1e6}


def by_bench(place: Place, seconds: float, rate: float) -> dict:
    result = subprocess.run(
        [place.livelog, "bench", "append", "--via", "http", "--connections", str(CONNECTIONS), "--batch", str(BATCH),
         "--bytes", str(BYTES), "--groups", str(GROUPS), "--records", str(max(int(rate * seconds), BATCH)),
         "--directory", place.directory, "--format", "json"], stdout=subprocess.PIPE, text=True)
    if result.returncode != 0:
        raise Failure("livelog bench failed; its message is above")
    return json.loads(result.stdout)["figures"]


def main(options) -> int:
    if not shutil.which("wrk"):
        sys.exit("skipped: wrk is not installed (apt-get install wrk)")
    seconds = 1 if options.once else SECONDS
    directory = pathlib.Path(tempfile.mkdtemp(prefix="livelog-check-", dir=options.directory))
    try:
        place = Place(directory, directory, options.livelog)
        print(f"appends by HTTP, {CONNECTIONS} connections, {BATCH} records of {BYTES} bytes a request, durable")
        for _ in range(options.rounds):
            wrk = by_wrk(place, seconds)
            bench = by_bench(place, seconds, wrk["records_per_second"])
            for name, found in [("wrk", wrk), ("livelog bench", bench)]:
                print(f"  {name:14} {found['records_per_second']:>10,.0f} records a second, "
                      f"{found['server_cpu_s_per_million']:.2f} CPU s of the server a million", flush=True)
    except Failure as failure:
        sys.exit(str(failure))
    finally:
        shutil.rmtree(directory)
    return 0

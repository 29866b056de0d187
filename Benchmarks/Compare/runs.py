"""One run: a scenario with a target, from a server with nothing in it to figures."""

import json
import signal
import subprocess
import tempfile
import threading
from typing import Callable

import measure
from scenarios import Scenario
from servers import Failure, Place, Server
from targets import Target

SECONDS_MAX = 300


def numbers_of(scenario: Scenario, name: str, target: Target, is_small: bool, others: dict) -> dict:
    """What a run has: those of the scenario, then what the target has instead, then what the command line says."""
    numbers = {**scenario.numbers, **dict(target.numbers), **scenario.targets[name]}
    return {**numbers, **(scenario.small if is_small else {}), **others}


def client(command: list, look: Callable[[], None] = lambda: None) -> dict:
    """What a client finds; it ends with an error if anything was lost, repeated or out of order. `look` is called when
    it has printed its first line, while it may still be connected."""
    with tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(
            list(map(str, command)), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True)
        late = threading.Timer(SECONDS_MAX, process.kill)
        late.start()
        try:
            line = process.stdout.readline()
            if line:
                look()
            rest, _ = process.communicate()
        finally:
            late.cancel()
            process.kill()
            process.wait()
        errors.seek(0)
        if process.returncode == -signal.SIGKILL:
            raise Failure(f"not done after {SECONDS_MAX} seconds")
        if process.returncode != 0:
            raise Failure(errors.read().strip()[-2000:] or f"ended with {process.returncode}")
        return json.loads(line + rest)


def bench(scenario: Scenario, target: Target, numbers: dict, server: Server) -> dict:
    """By `livelog bench`, which measures the server itself."""
    command = [server.place.livelog, "bench", scenario.kind, "--target", target.load, "--format", "json",
               "--server", f"127.0.0.1:{server.port}", "--publish-port", server.publish_port, "--pid", server.pid]
    for key, value in numbers.items():
        command += [f"--{key.replace('_', '-')}", value]
    disk = measure.disk_bytes(server.directory)
    result = client(command)
    figures = dict(result["figures"])
    for name, latency in result.get("latencies_us", {}).items():
        figures |= {f"{name}_{key}_us": value for key, value in latency.items() if key != "count"}
    if figures.get("records"):
        figures["disk_bytes_each"] = (measure.disk_bytes(server.directory) - disk) / figures["records"]
    return figures


def clients(scenario: Scenario, target: Target, numbers: dict, server: Server) -> dict:
    """By a client of this folder, whose server is measured from here; without a server, the client itself is."""

    def run(mode: str) -> dict:
        words = [f"{key}={value}" for key, value in numbers.items()]
        words += [f"port={server.publish_port}", f"path={server.directory / 'database'}"]
        cpu, used, figures = measure.cpu_seconds(server.pid) if server.pid else 0, 0.0, {}

        def look():
            nonlocal used
            if server.pid:
                used = measure.cpu_seconds(server.pid) - cpu
                figures.update(measure.memory(server.pid))

        found = client([server.place.programs / target.client, mode, *words], look)
        millions, own = found["records"] / 1e6, found["own_cpu_seconds"]
        figures["records"] = found["records"]
        figures["records_per_second"] = found["records"] / found["seconds"]
        figures["server_cpu_s_per_million"] = (used if server.pid else own) / millions
        if server.pid:
            figures["client_cpu_s_per_million"] = own / millions
        if "first_record_us" in found:
            figures["first_record_us"] = found["first_record_us"]
        return figures

    if scenario.kind == "append":
        disk = measure.disk_bytes(server.directory)
        figures = run("append")
        figures["disk_bytes_each"] = (measure.disk_bytes(server.directory) - disk) / figures["records"]
        return figures
    run("fill")
    whole, group = run("all"), run("group")
    figures = {f"all_{key}": value for key, value in whole.items()}
    figures |= {f"group_{key}": value for key, value in group.items()}
    return {**figures, "first_record_us": group["first_record_us"]}


def run(scenario: Scenario, target: Target, numbers: dict, place: Place) -> dict:
    """The figures of one run. Raises Failure if there are none to believe."""
    server = target.start(place)
    with server:
        try:
            return (bench if target.load else clients)(scenario, target, numbers, server)
        except Failure as failure:
            words = server.last_words()
            raise Failure(f"{failure}\n{words}".strip()) from None

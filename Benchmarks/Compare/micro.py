"""Single steps of the hot paths, in nanoseconds of one record, each beside the limit of the machine that bounds it.

Steps are measured by ordo-one/benchmark in Benchmarks/Micro, limits by the C program in Benchmarks/Limits. Both take
turns in each round. A limit is the one thing that a step cannot do without, so the ratio says how much it does beside.
Only where loads from memory of several records are under way at once can a step take less than the load of one.
"""

import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass

import pages
import plots
import report
from servers import COMPILER, ROOT, Failure
from targets import say

LIMITS = ROOT / "Benchmarks/Limits"
CHECKSUM = ROOT / "Sources/CCRC32C"
# An instance has 256 bytes; with three property groups it makes a record of so many.
RECORD = 496


@dataclass(frozen=True)
class Limit:
    """`key` is its name in the line that the C program prints, whose nanoseconds `scale` turns into `unit`."""

    key: str
    label: str
    unit: str = "ns"
    scale: float = 1


@dataclass(frozen=True)
class Step:
    """`name` is that of the benchmark; what bounds it is so many times each of these limits."""

    name: str
    bound: str
    times: dict[str, float]

    def floor(self, limits: dict[str, float]) -> float:
        return sum(limits[key] * factor for key, factor in self.times.items())


MICROSECONDS = ("µs", 1e-3)
ALL_LIMITS = [
    Limit("memcpy_256_ns", "copy 256 bytes"),
    Limit("memcpy_16k_ns", "copy 16 KiB"),
    Limit("memcpy_1m_ns", "copy 1 MiB", *MICROSECONDS),
    Limit("memcpy_256m_ns", "copy 256 MiB", *MICROSECONDS),
    Limit("crc32c_256_ns", "CRC32C of 256 bytes"),
    Limit("crc32c_64k_ns", "CRC32C of 64 KiB", *MICROSECONDS),
    Limit("siphash_32_ns", "SipHash-1-3 of 32 bytes"),
    Limit("dependent_miss_ns", "load from memory, whose place the load before says"),
    Limit("independent_miss_ns", "load from memory, of which many are under way"),
    Limit("pwrite_64_ns_a_record", "pwrite of 64 records of 256 bytes, a record"),
    Limit("fdatasync_4k_ns", "fdatasync of 4 KiB, as it passes", *MICROSECONDS),
    Limit("fdatasync_4k_p99_ns", "the same, 99%", *MICROSECONDS),
    Limit("fdatasync_4k_cpu_ns", "the same, processor time", *MICROSECONDS),
    Limit("fdatasync_64k_ns", "fdatasync of 64 KiB, as it passes", *MICROSECONDS),
    Limit("fdatasync_64k_p99_ns", "the same, 99%", *MICROSECONDS),
    Limit("fdatasync_64k_cpu_ns", "the same, processor time", *MICROSECONDS),
    Limit("send_ns", "send of a frame of 200 bytes to a socket"),
    Limit("send_64_joined_ns", "send of 64 such frames in one piece"),
    Limit("send_64_joined_ns_a_frame", "the same, a frame"),
    Limit("epoll_1_ready_ns", "wait for one readable socket, and read it"),
    Limit("epoll_64_ready_ns_a_socket", "wait for 64 at once, and read them, a socket"),
]
WRITTEN = {"pwrite_64_ns_a_record": RECORD / 256}
CHECKED = {"crc32c_256_ns": RECORD / 256}
STEPS = [
    Step("read a change", "copy of 256 bytes", {"memcpy_256_ns": 1}),
    Step("read a change of a model with rules", "copy of 256 bytes", {"memcpy_256_ns": 1}),
    Step("hash the groups of a change", "4 SipHash-1-3 of 32 bytes", {"siphash_32_ns": 4}),
    Step("encode a record", "CRC32C of its 496 bytes", CHECKED),
    Step("append a record, 1,000 a batch, written", "pwrite of its 496 bytes, many at once", WRITTEN),
    Step("append a record, 1 a batch, written", "pwrite of its 496 bytes, many at once", WRITTEN),
    Step("index a record", "copy of 64 bytes: 5 hashes with their ordinals", {"memcpy_256_ns": 0.25}),
    Step("match a record among one subscription", "load of the record", {"independent_miss_ns": 1}),
    Step("match a record among 100,000 subscriptions", "a load that waits for another", {"dependent_miss_ns": 1}),
    Step("encode a delivered record, livelog.v1", "copy of 256 bytes", {"memcpy_256_ns": 1}),
    Step("encode a delivered record, rest-live 1", "copy of 256 bytes", {"memcpy_256_ns": 1}),
    Step("encode a delivered record, rest-live 2", "copy of 256 bytes", {"memcpy_256_ns": 1}),
    Step("encode a delivered record, server-sent events", "copy of 256 bytes", {"memcpy_256_ns": 1}),
    Step("scan a record with checks", "CRC32C of its 496 bytes", CHECKED),
    Step("find a record of a group", "load of the posting", {"independent_miss_ns": 1}),
    Step("read a record of a group, and find it", "a load that waits for another, and CRC32C of 496 bytes",
         {"dependent_miss_ns": 1, **CHECKED}),
    Step("decompress a record of a cold block", "copy of 496 bytes, 16 KiB at a time",
         {"memcpy_16k_ns": RECORD / 2**14}),
]

TARGET = "package.benchmark.HotPaths."
# An iteration of a benchmark is a thousand records, so microseconds of it are nanoseconds of one.
UNITS = {"ns": 1e-3, "μs": 1, "us": 1, "ms": 1e3, "s": 1e6}


def compile_limits(directory: pathlib.Path) -> pathlib.Path:
    if not COMPILER:
        raise Failure("there is no C compiler: apt-get install gcc")
    program = directory / "limits"
    files = [*sorted(LIMITS.glob("*.c")), CHECKSUM / "crc32c.c"]
    flags = ["-D_GNU_SOURCE", "-O2", "-Wall", "-Wextra", "-Werror", "-std=gnu17", "-I", CHECKSUM / "include"]
    subprocess.run([COMPILER, *flags, *files, "-o", program], check=True)
    return program


def measure_limits(program: pathlib.Path, directory: pathlib.Path, once: bool) -> dict[str, float]:
    found = json.loads(output([program, directory, *(["once"] if once else [])]))
    if set(found) != {limit.key for limit in ALL_LIMITS}:
        raise Failure(f"Benchmarks/Limits and micro.py do not name the same limits: {', '.join(found)}")
    return found


def measure_steps(directory: pathlib.Path, once: bool) -> dict[str, float]:
    """Nanoseconds of a record, the medians of all iterations. Builds what is to be built."""
    exported = directory / "steps"
    # Not in the package's folder: what is built would lie among the sources.
    command = ["swift", "package", "--package-path", ROOT / "Benchmarks/Micro", "--scratch-path", ROOT / ".build-micro",
               "--disable-sandbox", "benchmark", "--quiet", "--no-progress", "--format", "jmh", "--path", exported]
    words = output(command, {**os.environ, **({"LIVELOG_MICRO_ONCE": "1"} if once else {})})
    files = list(exported.glob("*.json")) if exported.exists() else []
    if len(files) != 1:
        raise Failure(f"the benchmarks gave no figures:\n{words[-2000:]}")
    found = {}
    for element in json.loads(files[0].read_text()):
        name = element["benchmark"].removeprefix(TARGET).replace("_", " ")
        time = next((metric for metric in element["secondaryMetrics"].values() if metric["scoreUnit"] in UNITS), None)
        if not time:
            raise Failure(f"there is no time of {name}: {element}")
        percentiles = {float(percent): value for percent, value in time["scorePercentiles"].items()}
        found[name] = percentiles[50] * UNITS[time["scoreUnit"]]
    shutil.rmtree(exported)
    different = set(found) ^ {step.name for step in STEPS}
    if different:
        raise Failure(f"Benchmarks/Micro and micro.py do not name the same steps: {', '.join(sorted(different))}")
    return found


def output(command: list, environment: dict[str, str] | None = None) -> str:
    words = list(map(str, command))
    result = subprocess.run(words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if result.returncode != 0:
        raise Failure(f"{words[0]} failed:\n{(result.stdout + result.stderr)[-4000:]}")
    return result.stdout


def measure(options, directory: pathlib.Path) -> list[dict]:
    """The limits and steps of each round."""
    program = compile_limits(directory)
    say("the first round builds Benchmarks/Micro, which takes some minutes unless it was done before")
    rounds = []
    for number in range(options.rounds):
        say(f"round {number + 1} of {options.rounds}")
        limits = measure_limits(program, directory, options.once)
        rounds.append({"limits": limits, "steps": measure_steps(directory, options.once)})
    return rounds


def steps_table(rounds: list[dict]) -> str:
    rows = []
    for step in STEPS:
        own = [turn["steps"][step.name] for turn in rounds]
        floors = [step.floor(turn["limits"]) for turn in rounds]
        ratios = [ours / floor for ours, floor in zip(own, floors)]
        rows.append([step.name, report.spread(own), step.bound, report.spread(floors), report.spread(ratios)])
    return pages.table(["step", "ns a record", "limit", "ns", "times the limit"], rows)


def limits_table(rounds: list[dict]) -> str:
    rows = [[limit.label, report.spread([turn["limits"][limit.key] * limit.scale for turn in rounds]), limit.unit]
            for limit in ALL_LIMITS]
    return pages.table(["limit of the machine", "", "unit"], rows)


def drawing(rounds: list[dict]) -> str:
    rows = []
    for step in STEPS:
        floor = statistics.median(step.floor(turn["limits"]) for turn in rounds)
        values = [turn["steps"][step.name] for turn in rounds]
        rows.append(plots.Bar(step.name, values, "own", f"{step.bound}: {plots.number(floor)}"))
    return plots.bars("Single steps", "below each the limit that bounds it", "ns a record", rows)


def main(options):
    if not shutil.which("swift"):
        sys.exit("skipped: Swift is not installed (https://www.swift.org/install/linux/)")
    directory = pathlib.Path(tempfile.mkdtemp(prefix="livelog-micro-", dir=pages.place(options)))
    try:
        results = pages.begin(options, directory)
        rounds = results["turns"] = measure(options, directory)
    except Failure as failure:
        sys.exit(str(failure))
    finally:
        shutil.rmtree(directory)
    page = pages.Page("Livelog step by step", __doc__, [steps_table(rounds), limits_table(rounds)],
                      {"steps": drawing(rounds)})
    pages.keep(options, results, "micro", page)

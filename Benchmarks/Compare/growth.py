"""How cost grows: with the subscriptions that are asked, the sockets that are open, the records that the log has.

Each figure is measured at several sizes, and its exponent is the slope of a straight line through the medians of all
rounds, both on logarithmic scales, by least squares: 0 is a cost that does not grow, 1 one that grows in proportion.
"""

import json
import math
import pathlib
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field

import pages
import plots
import report
from runs import SECONDS_MAX
from servers import ROOT, Failure
from targets import say

MATCHING = ROOT / ".build/release/matching-bench"
STORAGE = ROOT / ".build/release/storage-bench"
BYTES_OF_RECORD = 560  # with its index
DELIVERIES_A_SECOND = 50_000


@dataclass
class Curve:
    """A figure at several sizes, with a value for each round."""

    label: str
    values: dict[int, list[float]] = field(default_factory=dict)

    def add(self, size: int, value: float):
        self.values.setdefault(size, []).append(value)

    @property
    def points(self) -> list[tuple[float, float]]:
        return [(size, statistics.median(values)) for size, values in sorted(self.values.items())]

    @property
    def exponent(self) -> float | None:
        """None if there are not two sizes at which something was seen."""
        logs = [(math.log(size), math.log(value)) for size, value in self.points if value > 0]
        if len(logs) < 2:
            return None
        return statistics.linear_regression(*zip(*logs)).slope


@dataclass
class Chart:
    """Curves over the same sizes, in one unit. `sizes` says what there is more and more of."""

    name: str
    title: str
    sizes: str
    unit: str
    curves: dict[str, Curve]
    # What one has to know to read it.
    note: str

    def add(self, size: int, **figures: float):
        for name, value in figures.items():
            self.curves[name].add(size, value)


def chart(name: str, title: str, sizes: str, unit: str, note: str = "", **labels: str) -> Chart:
    return Chart(name, title, sizes, unit, {key: Curve(label) for key, label in labels.items()}, note)


def run(program: pathlib.Path, *words: object) -> dict:
    """What a program prints, one line of JSON."""
    command = [str(program), *map(str, words)]
    try:
        result = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=SECONDS_MAX)
    except subprocess.TimeoutExpired:
        raise Failure(f"not done after {SECONDS_MAX} seconds: {' '.join(command)}") from None
    if result.returncode != 0:
        raise Failure(f"{' '.join(command)}: {result.stderr.strip()[-2000:]}")
    return json.loads(result.stdout)


def matching(options, charts: list[Chart]):
    found = chart(
        "matching", "Finding who wants a record", "subscriptions", "processor ns a record",
        "One subscription of all wants each record. Records are announced where a server knows what comes next.",
        prepared_ns="announced before", match_ns="as it comes")
    charts.append(found)
    small = ["records=4096", "passes=3"] if options.once else []
    for number in range(options.rounds):
        say(f"matching, round {number + 1} of {options.rounds}")
        for size in [100, 1000] if options.once else [10**3, 10**4, 10**5, 10**6]:
            figures = run(MATCHING, "match", f"subscriptions={size}", "fanout=1", *small)
            found.add(size, **{key: figures[key] for key in found.curves})


def socket_counts(once: bool) -> list[int]:
    """Up to 20,000, or what one process may have open here beside its files."""
    allowed = resource.getrlimit(resource.RLIMIT_NOFILE)[1] - 1000
    return [20, 100] if once else [100, 1000, 5000, min(20_000, allowed)]


def sockets(options, charts: list[Chart]):
    delivery = chart(
        "delivery", "Delivering an event to all sockets", "sockets", "processor s of the server for a million",
        "Each event goes to all sockets. What is outstanding, or comes while a loop is busy, is joined in one write.",
        single="one event at a time", rate=f"{DELIVERIES_A_SECOND // 1000} k deliveries a second",
        pipelined="pipelined, 128 events")
    memory = chart(
        "connections", "Connections with a subscription each", "sockets", "bytes of memory of a connection",
        resident_bytes_each="resident")
    opening = chart(
        "connecting", "Opening a connection and subscribing", "sockets", "processor ms of the server for one",
        connect_cpu_ms_each="processor time")
    charts += [delivery, memory, opening]
    seconds = ["--seconds", "0.5"] if options.once else ["--seconds", "3"]
    for number in range(options.rounds):
        say(f"sockets, round {number + 1} of {options.rounds}")
        for count in socket_counts(options.once):
            common = ["--sockets", count, *seconds, "--format", "json"]
            rate = max(1, round(DELIVERIES_A_SECOND / count))
            loads = {"single": ("--window", 1), "rate": ("--rate", rate), "pipelined": ("--window", 128)}
            for name, load in loads.items():
                found = run(options.livelog, "bench", "fanout", *load, *common)
                delivery.add(count, **{name: found["figures"]["server_cpu_s_per_million"]})
            idle = run(options.livelog, "bench", "idle", *common)["figures"]
            memory.add(count, resident_bytes_each=idle["resident_bytes_each"])
            opening.add(count, connect_cpu_ms_each=idle["connect_cpu_ms_each"])


def warm(directory: pathlib.Path):
    """Brings the files into the system's cache."""
    for path in directory.iterdir():
        with open(path, "rb", buffering=0) as file:
            while file.read(1 << 20):
                pass


def log_sizes(once: bool) -> list[int]:
    return [20_000, 40_000] if once else [10**5, 10**6, 10**7]


def appends(options) -> int:
    return (2000 if options.once else 100_000) * options.rounds


def check_space(options):
    # New keys, then updates.
    needed = (max(log_sizes(options.once)) + 2 * appends(options)) * BYTES_OF_RECORD
    free = shutil.disk_usage(pages.place(options)).free
    if free < needed + (1 << 30):
        raise Failure(f"{pages.place(options)} has {free >> 20:,} MiB free and the largest log needs {needed >> 20:,}: "
                      "use --directory")


def logs(options, charts: list[Chart]):
    records = chart(
        "log", "A record of a log of so many", "records in the log", "processor ns a record",
        append="append, new key", update="append, update of any key", scan="scan with checks")
    finding = chart(
        "finding", "Finding what somebody missed", "records in the log", "µs",
        "The group has 10,000 records, evenly spread. While they all lie in the segment that still grows, as in the "
        "smallest log, they are found from the last one back, and the first one comes after all others.",
        first="first record of a group", again="first record, again", resume="resume of 100",
        third="resume of 100, again")
    opening = chart(
        "opening", "Opening a log", "records in the log", "processor ms",
        "What is read are the records of segments that are not sealed, one or two whatever the log has.",
        closed="after a close", killed="after a kill")
    memory = chart(
        "memory", "Memory of an open log", "records in the log", "MiB",
        "Without pages of its files. Most of it is of the segments that are not sealed.",
        opened="just opened", appended="after appends of new keys", updated="after updates of any key")
    charts += [records, finding, opening, memory]
    segment = f"segment={1 << 20 if options.once else 64 << 20}"
    directory = pathlib.Path(tempfile.mkdtemp(prefix="livelog-growth-", dir=pages.place(options)))
    log = directory / "log"
    try:
        for size in log_sizes(options.once):
            say(f"a log of {size:,} records")
            run(STORAGE, "build", log, f"records={size}", segment)
            for number in range(options.rounds):
                say(f"  round {number + 1} of {options.rounds}")
                warm(log)
                opened = run(STORAGE, "open", log, segment)
                opening.add(size, closed=opened["open_cpu_ms"])
                memory.add(size, opened=opened["own_mib"])
                group = run(STORAGE, "group", log, segment)
                resume = run(STORAGE, "resume", log, segment)
                finding.add(
                    size, first=group["first_record_us_first"], again=group["first_record_us_again"],
                    resume=resume["resume_us_first"], third=resume["resume_us_third"])
                scan = run(STORAGE, "scan", log, segment, "passes=2")
                records.add(size, scan=scan["cpu_ns_per_record_again"])
            # Leaves the log as a kill would.
            run(STORAGE, "open", log, segment, "killed=1")
            for _ in range(options.rounds):
                opening.add(size, killed=run(STORAGE, "open", log, segment, "killed=1")["open_cpu_ms"])
            # Once, because a key is new only once; of as many records as rounds would have.
            words = [log, segment, f"appends={appends(options)}"]
            appended = run(STORAGE, "append-large", *words)
            updated = run(STORAGE, "append-large", *words, f"keys={size}")
            records.add(size, append=appended["append_ns"], update=updated["append_ns"])
            memory.add(size, appended=appended["own_mib_after_appends"], updated=updated["own_mib_after_appends"])
            shutil.rmtree(log)
    finally:
        shutil.rmtree(directory)


def table(chart: Chart) -> str:
    sizes = sorted({size for curve in chart.curves.values() for size in curve.values})
    rows = []
    for curve in chart.curves.values():
        exponent = curve.exponent
        rows.append([curve.label, *(report.spread(curve.values.get(size, [])) for size in sizes),
                     "–" if exponent is None else f"{exponent:+.2f}"])
    heads = [f"{chart.unit}, by {chart.sizes}", *(f"{size:,}" for size in sizes), "exponent"]
    return pages.table(heads, rows)


def drawing(chart: Chart) -> str | None:
    """Each line has its exponent with its name."""
    series = {f"{curve.label}  {curve.exponent:+.2f}": curve.points
              for curve in chart.curves.values() if curve.exponent is not None}
    return plots.lines(chart.title, chart.sizes, chart.unit, series) if series else None


def main(options):
    programs = {"livelog": options.livelog, "matching-bench": MATCHING, "storage-bench": STORAGE}
    for name, program in programs.items():
        if not program.exists():
            sys.exit(f"there is no {program}; build it: swift build -c release --product {name}")
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]  # `livelog bench` inherits it
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    try:
        check_space(options)
    except Failure as failure:
        sys.exit(str(failure))
    results = pages.begin(options, pages.place(options))
    charts: list[Chart] = []
    failures = results["failures"] = []
    for subject in (matching, sockets, logs):
        try:
            subject(options, charts)
        except Failure as failure:  # what was measured until then stays
            say(f"FAILED: {failure}")
            failures.append(str(failure))
    charts = [chart for chart in charts if any(curve.values for curve in chart.curves.values())]
    results["charts"] = {
        chart.name: {key: {"rounds": curve.values, "exponent": curve.exponent} for key, curve in chart.curves.items()}
        for chart in charts}
    parts = [part for chart in charts for part in (f"## {chart.title}", chart.note, table(chart)) if part]
    parts += [f"**Failed**: {failure}" for failure in failures]
    drawings = {chart.name: text for chart in charts if (text := drawing(chart))}
    pages.keep(options, results, "growth", pages.Page("How cost grows", __doc__, parts, drawings))
    sys.exit(1 if failures else 0)

"""What is measured: each scenario once, with its numbers, its targets and its figures."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Figure:
    """One of the numbers that a run gives. `scale` turns what the load gives into `unit`, which is empty if the label
    says it."""

    key: str
    label: str
    unit: str
    meaning: str
    scale: float = 1
    is_better_if: str = "lower"
    is_drawn: bool = False

    @property
    def title(self) -> str:
        return f"{self.label}, {self.unit}" if self.unit else self.label


@dataclass(frozen=True)
class Scenario:
    title: str
    description: str
    # Of `livelog bench`, or of a client of this folder.
    kind: str
    numbers: dict
    # What --once has instead.
    small: dict
    # Target: the numbers that it has instead.
    targets: dict
    figures: list[Figure]
    # Seconds of one run, until one was seen.
    guess: int = 12
    notes: list[str] = field(default_factory=list)


MILLISECONDS, KIB, MIB = 1e-3, 1 / 2**10, 1 / 2**20

SERVER_CPU = Figure(
    "server_cpu_s_per_million", "server CPU", "s a million",
    "processor seconds of the server, in user and system mode, for a million deliveries or records; the figure to "
    "compare, because it holds where rates drift with what else the machine does", is_drawn=True)
CLIENT_CPU = Figure(
    "client_cpu_s_per_million", "client CPU", "s a million",
    "the same of the load generator, which shares the machine's cores with the server")
MEMORY = [
    Figure(
        "server_own_bytes", "server memory of its own", "MiB",
        "resident memory of the server at the end without pages of files, which the system takes back when it needs "
        "them: its program's, and for Livelog those of the log that it has mapped", scale=MIB),
    Figure("server_resident_bytes", "server memory", "MiB", "all resident memory of the server at the end", scale=MIB),
]
DELIVERIES = Figure(
    "deliveries_per_second", "deliveries a second", "",
    "events received by all sockets together, each counted and verified, by the wall clock", is_better_if="higher",
    is_drawn=True)
LATE = [
    Figure(
        f"delivery_{name}_us", f"late, {label}", "ms",
        f"{meaning}, from when an event was due to be published, not from when it was, to when its socket was read",
        scale=MILLISECONDS, is_drawn=name == "p99")
    for name, label, meaning in [
        ("p50", "median", "how late half of the deliveries are at most"),
        ("p99", "99%", "how late 99% of the deliveries are at most"),
        ("max", "most", "how late the latest delivery is"),
    ]
]
RECORDS = Figure(
    "records_per_second", "records a second", "", "records acknowledged, by the wall clock", is_better_if="higher",
    is_drawn=True)
DISK = Figure(
    "disk_bytes_each", "disk", "bytes a record",
    "how much the server's directory grew, with its write-ahead log, indexes and what it reserves ahead")


def reading(prefix: str, what: str) -> list[Figure]:
    return [
        Figure(
            f"{prefix}_records_per_second", f"{what}: records a second", "",
            f"records of {what} received and verified to be all and in order, by the wall clock",
            is_better_if="higher", is_drawn=True),
        Figure(
            f"{prefix}_server_cpu_s_per_million", f"{what}: server CPU", "s a million",
            f"processor seconds of the server for a million records of {what}", is_drawn=True),
    ]


FAN_OUT = ["livelog", "livelog-written", "nats", "mosquitto", "floor"]
AT_WINDOW = [
    "livelog bench publishes so that at most `window` events are outstanding, which means not yet received by all "
    "sockets. django-rest-live has a window of 2 at most, beyond which it would only queue in its memory."]
AT_RATE = [
    "django-rest-live cannot follow these rates on this machine; it has a fiftieth of them, which shows how late it "
    "is when it has time."]

SCENARIOS = {
    "fanout-pipelined": Scenario(
        "Fan-out, pipelined",
        "One publisher, 1,000 WebSockets that all get each event, 128 events outstanding: what a delivery costs when "
        "a server may join several in one write.",
        "fanout", {"sockets": 1000, "bytes": 200, "window": 128, "seconds": 4}, {"sockets": 50, "seconds": 0.5},
        {**dict.fromkeys(FAN_OUT, {}), "rest-live": {"window": 2}},
        [SERVER_CPU, DELIVERIES, CLIENT_CPU, *MEMORY], notes=AT_WINDOW),
    "fanout-single": Scenario(
        "Fan-out, one event at a time",
        "The same with one event outstanding: the next is published when all 1,000 sockets have the one before.",
        "fanout", {"sockets": 1000, "bytes": 200, "window": 1, "seconds": 4}, {"sockets": 50, "seconds": 0.5},
        {**dict.fromkeys(FAN_OUT, {}), "rest-live": {}}, [SERVER_CPU, DELIVERIES, CLIENT_CPU, *MEMORY]),
    "rate-1000": Scenario(
        "50 events a second to 1,000 sockets",
        "An open loop, 50,000 deliveries a second: how late events are when the server is not the limit. What the "
        "load generator needs to read 1,000 sockets is in it, for all targets.",
        "fanout", {"sockets": 1000, "bytes": 200, "rate": 50, "seconds": 5},
        {"sockets": 50, "seconds": 0.5}, {**dict.fromkeys(FAN_OUT, {}), "rest-live": {"rate": 1}},
        [*LATE, SERVER_CPU], notes=AT_RATE),
    "rate-100": Scenario(
        "500 events a second to 100 sockets",
        "The same 50,000 deliveries a second to fewer sockets.",
        "fanout", {"sockets": 100, "bytes": 200, "rate": 500, "seconds": 5},
        {"sockets": 50, "seconds": 0.5}, {**dict.fromkeys(FAN_OUT, {}), "rest-live": {"rate": 10}},
        [*LATE, SERVER_CPU], notes=AT_RATE),
    "idle": Scenario(
        "Idle connections",
        "5,000 connections with a subscription each, on which nothing happens.",
        "idle", {"sockets": 5000, "seconds": 3}, {"sockets": 50, "seconds": 0.5},
        {"livelog": {}, "nats": {}, "mosquitto": {}, "rest-live": {"sockets": 1000}},
        [Figure("resident_bytes_each", "memory of one", "KiB",
                "how much the server's resident memory grew for each connection", scale=KIB, is_drawn=True),
         Figure("connect_cpu_ms_each", "CPU to open one", "ms",
                "processor time of the server to accept, upgrade and subscribe a connection", is_drawn=True),
         Figure("connect_seconds", "time to open all", "s", "until the last connection has its subscription"),
         Figure("idle_cpu_percent", "CPU while idle", "% of a core", "what the server uses while nothing happens")]),
    "append": Scenario(
        "Append",
        "A million records of 256 bytes in 100 groups from one client, acknowledged in batches. All but Redis keep "
        "an index of the groups: Livelog its postings, JetStream its subjects, the others an index of the column.",
        "append", {"records": 1_000_000, "groups": 100, "bytes": 256},
        {"records": 20_000, "groups": 20},
        {"livelog": {"via": "websocket", "batch": 1000}, "livelog-http": {"batch": 1000},
         "livelog-written": {"via": "websocket", "batch": 1000},
         **dict.fromkeys(["redis", "redis-always", "jetstream", "postgres", "sqlite"], {})},
        [SERVER_CPU, RECORDS, CLIENT_CPU, *MEMORY, DISK], guess=15,
        notes=["Livelog has up to 8 batches unacknowledged by WebSocket and one by HTTP. Redis and PostgreSQL take a "
               "batch at a time (XADD in a pipeline; COPY in a transaction), JetStream has at most a batch "
               "unacknowledged.",
               "SQLite has no server: its figures are those of the client's process, making the records included."]),
    "replay": Scenario(
        "Replay",
        "A million such records again: all of them from the start, and one group alone. The log is filled "
        "first, which is not measured, and what is read is in the system's memory.",
        "replay", {"records": 1_000_000, "groups": 100, "bytes": 256},
        {"records": 20_000, "groups": 20},
        {"livelog": {}, **dict.fromkeys(["redis", "jetstream", "postgres", "sqlite"], {"passes": 100})},
        [*reading("all", "the whole log"), *reading("group", "one group"),
         Figure("first_record_us", "one group: first record", "ms",
                "from asking for a group to its first record", scale=MILLISECONDS, is_drawn=True),
         Figure("all_client_cpu_s_per_million", "the whole log: client CPU", "s a million",
                "processor seconds of the load generator for a million records of the whole log")],
        guess=25,
        notes=["Redis has no groups: while it is filled, each record is also appended to a stream of its group, and "
               "one group is an XRANGE of that stream, with as many records. Everything that it has is in memory.",
               "JetStream reads by an ordered consumer, of all subjects or of one. PostgreSQL reads all by COPY, one "
               "group through the index, row by row in binary; it is vacuumed and analyzed after filling.",
               "SQLite has no server: its figures are those of the client's process, the checking of records "
               "included.",
               "Livelog reads 20 groups one after the other, each peer its groups until 3 seconds are over; the first "
               "record is the median of these."]),
}

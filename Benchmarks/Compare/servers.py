"""Servers that are compared: each on free ports of loopback with a new directory, stopped by its process id."""

import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass

import machine

FOLDER = pathlib.Path(__file__).resolve().parent
ROOT = FOLDER.parent.parent
REST_LIVE = ROOT / ".build/rest-live-venv"
REQUIREMENTS = FOLDER / "rest_live/requirements.txt"
COMPILER = os.environ.get("CC") or shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
BYTES_OF_EVENT = 200


class Failure(Exception):
    """A server or a client did not do what it must; says which, and what it printed last."""


@dataclass(frozen=True)
class Place:
    """Where things are: a temporary directory, the compiled C programs, and the program that is measured."""

    directory: pathlib.Path
    programs: pathlib.Path
    livelog: pathlib.Path


def program(name: str) -> str | None:
    """Where a program is; Debian keeps servers where only root's PATH looks, and PostgreSQL's by version."""
    postgres = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name))
    return shutil.which(name, path=":".join([os.environ["PATH"], "/usr/sbin", *map(str, reversed(postgres))]))


def first_line(*command) -> str:
    """Of what a program says of its version."""
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return result.stdout.splitlines()[0].strip()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """One that runs. `port` is where readers connect, `publish_port` where publishers do."""

    # Of an account other than that of this tool.
    user: str | None = None

    def __init__(self, place: Place):
        self.place = place
        self.directory = pathlib.Path(tempfile.mkdtemp(dir=place.directory))
        self.log = open(self.directory / "log", "w")
        self.port = self.publish_port = 0
        self.process: subprocess.Popen | None = None

    def __enter__(self) -> "Server":
        try:
            self.start()
            return self
        except BaseException:
            self.stop()
            raise

    def __exit__(self, *_):
        self.stop()

    @staticmethod
    def version() -> str:
        return ""

    @property
    def pid(self) -> int | None:
        return self.process.pid if self.process else None

    def start(self):
        """A database that has no server has nothing to start."""

    def spawn(self, *command, prints_port: bool = False, **variables: str):
        """Starts the process; one that prints its port does so once it listens."""
        self.process = subprocess.Popen(
            list(map(str, command)), stdout=subprocess.PIPE if prints_port else self.log, stderr=self.log, text=True,
            user=self.user, cwd=self.directory, env={**os.environ, **variables})
        if prints_port:
            line = self.process.stdout.readline()
            if not line.startswith("listening on "):
                raise Failure(f"{command[0]} did not start: {self.last_words()}")
            self.port = self.publish_port = int(line.replace(":", " ").split()[-1])

    def wait_for(self, *ports: int):
        deadline = time.monotonic() + 30
        for port in ports:
            while True:
                try:
                    socket.create_connection(("127.0.0.1", port), 1).close()
                    break
                except OSError:
                    if self.process.poll() is not None or time.monotonic() > deadline:
                        raise Failure(f"{self.process.args[0]} does not listen: {self.last_words()}") from None
                    time.sleep(0.02)

    def last_words(self) -> str:
        self.log.flush()
        return (self.directory / "log").read_text(errors="replace")[-2000:].strip()

    def stop(self):
        if self.process:
            self.process.send_signal(self.stop_signal())
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            if self.process.stdout:
                self.process.stdout.close()
        self.log.close()
        shutil.rmtree(self.directory)

    def stop_signal(self) -> int:
        return signal.SIGTERM


class Livelog(Server):
    @staticmethod
    def version() -> str:
        return f"commit {machine.commit()}"

    def __init__(self, place: Place, acknowledgement: str):
        super().__init__(place)
        self.acknowledgement = acknowledgement

    def start(self):
        self.spawn(self.place.livelog, "serve", "--data", self.directory / "data", "--listen", "127.0.0.1:0",
                   "--ack", self.acknowledgement, prints_port=True)


class Floor(Server):
    """A bare epoll loop that sends what it is given."""

    @staticmethod
    def version() -> str:
        return first_line(COMPILER, "--version")

    def start(self):
        self.spawn(self.place.programs / "floor", BYTES_OF_EVENT, prints_port=True)


class Nats(Server):
    @staticmethod
    def version() -> str:
        return first_line(program("nats-server"), "--version")

    def start(self):
        self.port, self.publish_port = free_port(), free_port()
        configuration = self.directory / "conf"
        configuration.write_text(
            f'listen: "127.0.0.1:{self.publish_port}"\n'
            f'websocket {{ listen: "127.0.0.1:{self.port}", no_tls: true }}\n'
            f'jetstream {{ store_dir: "{self.directory}/data" }}\n')
        self.spawn(program("nats-server"), "--config", configuration)
        self.wait_for(self.port, self.publish_port)


class Mosquitto(Server):
    @staticmethod
    def version() -> str:
        return first_line(program("mosquitto"), "-h")

    def start(self):
        self.port, self.publish_port = free_port(), free_port()
        configuration = self.directory / "conf"
        # Unlimited queues: a message that is dropped ends the run, and none may be for a short burst.
        configuration.write_text(
            f"listener {self.publish_port} 127.0.0.1\nlistener {self.port} 127.0.0.1\nprotocol websockets\n"
            "allow_anonymous true\nset_tcp_nodelay true\nmax_queued_messages 0\nlog_type error\n")
        self.spawn(program("mosquitto"), "-c", configuration)
        self.wait_for(self.port, self.publish_port)


class RestLive(Server):
    """django-rest-live 0.2.2 on Daphne, with Channels' layer in memory."""

    @staticmethod
    def version() -> str:
        return ", ".join([first_line(REST_LIVE / "bin/python", "--version"), *REQUIREMENTS.read_text().split()])

    def start(self):
        self.port = self.publish_port = free_port()
        # Many connect at once, and are slow to be answered; none is to be given up for it.
        self.spawn(
            REST_LIVE / "bin/daphne", "--verbosity", 0, "--ping-interval", 3600, "--ping-timeout", 3600,
            "--websocket_connect_timeout", 600, "--http-timeout", 600,
            "--endpoint", f"tcp:port={self.port}:interface=127.0.0.1:backlog=4096", "asgi:application",
            PYTHONPATH=str(FOLDER / "rest_live"), PYTHONDONTWRITEBYTECODE="1", PYTHONWARNINGS="ignore",
            LOAD_DATABASE=str(self.directory / "load.sqlite3"))
        self.wait_for(self.port)


class Redis(Server):
    @staticmethod
    def version() -> str:
        return first_line(program("redis-server"), "--version").split(" sha=")[0]

    def __init__(self, place: Place, sync: str):
        super().__init__(place)
        self.sync = sync

    def start(self):
        self.port = self.publish_port = free_port()
        self.spawn(program("redis-server"), "--bind", "127.0.0.1", "--port", self.port, "--dir", self.directory,
                   "--save", "", "--appendonly", "yes", "--appendfsync", self.sync)
        self.wait_for(self.port)


class Postgres(Server):
    """PostgreSQL with buffers for all of the data, no checkpoint within a run, and a page's cost as on a fast disk."""

    settings = {
        "shared_buffers": "1GB", "max_wal_size": "8GB", "random_page_cost": "1.1", "unix_socket_directories": "",
    }

    @staticmethod
    def version() -> str:
        return first_line(program("postgres"), "--version")

    def __init__(self, place: Place):
        super().__init__(place)
        if os.geteuid() == 0:  # as which it does not run
            self.user = "postgres"
            owner = pwd.getpwnam(self.user)
            os.chown(self.directory, owner.pw_uid, owner.pw_gid)

    def start(self):
        self.port = self.publish_port = free_port()
        data = self.directory / "data"
        subprocess.run(
            [program("initdb"), "--pgdata", data, "--username", "postgres", "--auth", "trust", "--no-sync"],
            stdout=self.log, stderr=self.log, user=self.user, cwd=self.directory, check=True)
        self.spawn(program("postgres"), "-D", data, "-h", "127.0.0.1", "-p", self.port,
                   *(word for name, value in self.settings.items() for word in ("-c", f"{name}={value}")))
        self.wait_for(self.port)
        deadline = time.monotonic() + 30
        ask = [program("pg_isready"), "--quiet", "--host", "127.0.0.1", "--port", str(self.port)]
        while subprocess.run(ask, user=self.user, cwd=self.directory).returncode != 0:
            if time.monotonic() > deadline:
                raise Failure(f"postgres is not ready: {self.last_words()}")
            time.sleep(0.05)

    def stop_signal(self) -> int:
        return signal.SIGINT  # without waiting for who is connected

"""What is compared: how each target is started and loaded, what it needs, and what its promise is."""

import os
import pathlib
import shutil
import subprocess
import sys
from dataclasses import dataclass
from typing import Callable

from servers import (COMPILER, FOLDER, REQUIREMENTS, REST_LIVE, ROOT, Floor, Livelog, Mosquitto, Nats, Place, Postgres,
                     Redis, RestLive, Server, first_line, program)

REST_LIVE_PYTHON = "3.8"


@dataclass(frozen=True)
class Target:
    """`load` is the name by which `livelog bench` knows it; without one, `client` of this folder loads it."""

    label: str
    promise: str
    server: type[Server]
    arguments: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    load: str = ""
    client: str = ""
    is_livelog: bool = False
    # For all scenarios; a scenario may have others for it.
    numbers: tuple[tuple[str, object], ...] = ()

    def start(self, place: Place) -> Server:
        """To be entered, which starts it, and left, which stops it."""
        return self.server(place, *self.arguments)


DURABLE = "acknowledged and shown after fdatasync"
STORES_NOTHING = "stores nothing"
TARGETS = {
    "livelog": Target("Livelog", DURABLE, Livelog, ("durable",), load="livelog", is_livelog=True),
    "livelog-http": Target(
        "Livelog by HTTP", DURABLE, Livelog, ("durable",), load="livelog", is_livelog=True, numbers=(("via", "http"),)),
    "livelog-written": Target(
        "Livelog, written", "acknowledged and shown once written, not waiting for the disk", Livelog, ("written",),
        load="livelog", is_livelog=True),
    "nats": Target("nats-server", STORES_NOTHING, Nats, packages=("nats-server",), load="nats"),
    "mosquitto": Target("Mosquitto", STORES_NOTHING, Mosquitto, packages=("mosquitto",), load="mosquitto"),
    "rest-live": Target(
        "django-rest-live", "a row in SQLite, synced, before it is broadcast; no past to read", RestLive,
        load="rest-live"),
    "floor": Target(
        "C floor", "stores nothing: an epoll loop that only frames and sends", Floor, packages=("gcc",), load="floor"),
    "redis": Target(
        "Redis, everysec", "acknowledged once written, synced each second (AOF everysec)", Redis, ("everysec",),
        ("gcc", "redis-server", "libhiredis-dev"), client="redis", numbers=(("batch", 64),)),
    "redis-always": Target(
        "Redis, always", "acknowledged after fdatasync (AOF always)", Redis, ("always",),
        ("gcc", "redis-server", "libhiredis-dev"), client="redis", numbers=(("batch", 64),)),
    "jetstream": Target(
        "JetStream", "acknowledged once written, synced every two minutes (its default)", Nats,
        packages=("gcc", "nats-server", "libnats-dev"), client="jetstream", numbers=(("batch", 4096),)),
    "postgres": Target(
        "PostgreSQL", "acknowledged after fdatasync (synchronous_commit=on)", Postgres,
        packages=("gcc", "postgresql", "libpq-dev"), client="postgres", numbers=(("batch", 1000),)),
    "sqlite": Target(
        "SQLite", "committed after fdatasync (WAL, synchronous=FULL); in the client's process", Server,
        packages=("gcc", "libsqlite3-dev"), client="sqlite", numbers=(("batch", 1000),)),
}

# The C programs of this folder, with the library of each as pkg-config knows it.
PROGRAMS = {"floor": "", "redis": "hiredis", "jetstream": "libnats", "postgres": "libpq", "sqlite": "sqlite3"}


def has_library(name: str) -> bool:
    return bool(shutil.which("pkg-config")) and subprocess.run(["pkg-config", "--exists", name]).returncode == 0


def rest_live_python() -> str | None:
    """A Python that django-rest-live 0.2.2 and what it was written for run on, of pyenv or of the system."""
    pyenv = pathlib.Path(os.environ.get("PYENV_ROOT", pathlib.Path.home() / ".pyenv"))
    for python in sorted(pyenv.glob(f"versions/{REST_LIVE_PYTHON}.*/bin/python")):
        return str(python)
    python = shutil.which(f"python{REST_LIVE_PYTHON}")
    # One of pyenv's shims is found also where it has no such version.
    return python if python and subprocess.run([python, "--version"], capture_output=True).returncode == 0 else None


# Debian package: whether what it has is there
PACKAGES: dict[str, Callable[[], object]] = {
    "gcc": lambda: COMPILER,
    "nats-server": lambda: program("nats-server"),
    "mosquitto": lambda: program("mosquitto"),
    "redis-server": lambda: program("redis-server"),
    "postgresql": lambda: program("initdb"),
    "libhiredis-dev": lambda: has_library("hiredis"),
    "libnats-dev": lambda: has_library("libnats"),
    "libpq-dev": lambda: has_library("libpq"),
    "libsqlite3-dev": lambda: has_library("sqlite3"),
}


def say(message: str):
    print(message, file=sys.stderr, flush=True)


def available(names: list[str]) -> list[str]:
    """Those that can run here; says why the others cannot, and the one command that would change it."""
    found, wanted = [], []
    for name in names:
        target = TARGETS[name]
        missing = [package for package in target.packages if package in PACKAGES and not PACKAGES[package]()]
        if missing:
            packages = " ".join(missing)
            say(f"skipped: {target.label} needs {packages}, not installed (apt-get install {packages})")
            wanted += missing
        elif name == "rest-live" and not prepare_rest_live():
            continue
        else:
            found.append(name)
    if wanted:
        if not shutil.which("pkg-config"):
            wanted.append("pkg-config")
        say("to have them all, which need not run as services: "
            f"apt-get install --no-install-recommends {' '.join(dict.fromkeys(wanted))}")
    return found


def prepare_rest_live() -> bool:
    """Makes the environment of django-rest-live, unless it is there as its requirements want it."""
    mark = REST_LIVE / "requirements.txt"
    if mark.exists() and mark.read_text() == REQUIREMENTS.read_text():
        return True
    python = rest_live_python()
    if not python:
        say(f"skipped: django-rest-live needs Python {REST_LIVE_PYTHON} (pyenv install {REST_LIVE_PYTHON})")
        return False
    say(f"preparing {REST_LIVE.relative_to(ROOT)}")
    pip = [REST_LIVE / "bin/pip", "install", "--quiet", "--disable-pip-version-check", "--requirement", REQUIREMENTS]
    for command in ([python, "-m", "venv", "--clear", REST_LIVE], pip):
        if subprocess.run(command).returncode != 0:
            say("skipped: django-rest-live could not be installed; the reason is above")
            return False
    shutil.copy(REQUIREMENTS, mark)  # last, so that a half-made environment is made again
    return True


def compile_programs(names: list[str], programs: pathlib.Path):
    """Those C programs that targets of these names need."""
    wanted = {TARGETS[name].client or TARGETS[name].load for name in names}
    flags = ["-D_GNU_SOURCE", "-O2", "-Wall", "-Wextra", "-Werror", "-std=gnu17"]
    for name, library in PROGRAMS.items():
        if name not in wanted:
            continue
        libraries = []
        if library:
            command = ["pkg-config", "--cflags", "--libs", library]
            libraries = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.split()
        subprocess.run([COMPILER, *flags, FOLDER / f"{name}.c", "-o", programs / name, *libraries], check=True)


def version(name: str, place: Place) -> str:
    """What the target is, with the client library that loads it."""
    target = TARGETS[name]
    client = first_line(place.programs / target.client, "version") if target.client else ""
    return ", ".join(filter(None, [target.server.version(), client]))

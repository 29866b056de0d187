"""What the machine is, and what its disk does at best: facts without which no figure means anything."""

import os
import pathlib
import platform
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def first_line_with(path: str, key: str) -> str:
    for line in pathlib.Path(path).read_text().splitlines():
        name, _, value = line.replace("=", ":", 1).partition(":")
        if name.strip() == key:
            return value.strip().strip('"')
    return "unknown"


def output(*command: str) -> str:
    try:
        return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout.strip()
    except FileNotFoundError:
        return ""


def sync_microseconds(directory: pathlib.Path) -> float:
    """The median of 200 syncs of 4 KiB each at the end of a file."""
    times = []
    with tempfile.NamedTemporaryFile(dir=directory) as file:
        for _ in range(200):
            os.write(file.fileno(), b"x" * 4096)
            begin = time.perf_counter()
            os.fdatasync(file.fileno())
            times.append((time.perf_counter() - begin) * 1e6)
    return sorted(times)[100]


def commit() -> str:
    """That the sources are at."""
    head = output("git", "-C", str(ROOT), "rev-parse", "--short=12", "HEAD")
    is_changed = output("git", "-C", str(ROOT), "status", "--porcelain", "--", "Sources", "Package.swift")
    return head + (" with changes" if is_changed else "")


def facts(directory: pathlib.Path) -> dict:
    """Of this machine now; `directory` is where servers keep their files."""
    return {
        "processor": first_line_with("/proc/cpuinfo", "model name"),
        "architecture": platform.machine(),
        "cores": os.cpu_count(),
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "kernel": platform.release(),
        "system": first_line_with("/etc/os-release", "PRETTY_NAME"),
        "virtualisation": output("systemd-detect-virt") or "unknown",
        "file_system": output("stat", "--file-system", "--format=%T", str(directory)),
        "sync_us": round(sync_microseconds(directory), 1),
        "load_average": os.getloadavg()[0],
    }

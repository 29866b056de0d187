"""What a server uses, from /proc: processor time and memory of a process with all that it has started, and disk."""

import os
import pathlib
import re

TICKS = os.sysconf("SC_CLK_TCK")


def family(pid: int) -> list[int]:
    """The process and its living descendants, as PostgreSQL has one for each connection."""
    found = [pid]
    for process in found:
        try:
            for thread in pathlib.Path(f"/proc/{process}/task").iterdir():
                found += map(int, (thread / "children").read_text().split())
        except FileNotFoundError:
            pass  # ended meanwhile
    return found


def cpu_seconds(pid: int) -> float:
    """Processor seconds of the process, of its living descendants, and of those that have ended."""
    total = 0
    for process in family(pid):
        try:
            fields = pathlib.Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
        except FileNotFoundError:
            continue
        total += sum(map(int, fields[11:15]))  # its own in user and system mode, and that of children it waited for
    return total / TICKS


def memory(pid: int) -> dict[str, int]:
    """Resident bytes of the process and its descendants, and those that are no pages of files. What they share is
    counted once, by shares."""
    kib = {"Pss": 0, "Pss_File": 0}
    for process in family(pid):
        try:
            rollup = pathlib.Path(f"/proc/{process}/smaps_rollup").read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue
        for name, count in re.findall(r"^(Pss|Pss_File): +(\d+) kB", rollup, re.MULTILINE):
            kib[name] += int(count)
    return {"server_resident_bytes": kib["Pss"] * 1024, "server_own_bytes": (kib["Pss"] - kib["Pss_File"]) * 1024}


def disk_bytes(directory: pathlib.Path) -> int:
    """What the files under a directory take on disk."""
    return sum(path.lstat().st_blocks * 512 for path in directory.rglob("*"))

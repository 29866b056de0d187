"""Starts a command that may leave a core dump, waits for its first line, lets it crash, and prints whether it left one."""

import os
import resource
import signal
import subprocess
import sys

resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
# Whoever started this may have blocked it.
signal.pthread_sigmask(signal.SIG_SETMASK, set())
# Swift's own account of a crash takes seconds, and is not what is asked about here.
environment = os.environ | {"SWIFT_BACKTRACE": "enable=no"}
process = subprocess.Popen(
    sys.argv[2:], cwd=sys.argv[1], env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
)
process.stdout.readline()
os.kill(process.pid, signal.SIGABRT)
_, status = os.waitpid(process.pid, 0)
print("dumped" if os.WCOREDUMP(status) else "nothing", flush=True)

import os
import subprocess
import sys
from pathlib import Path

PROGRAM = """
import django
django.setup()
from django_livelog import sender
for number in range(100):
    sender.publish([{"model": "exit", "action": "CREATED", "key": number, "instance": {}}])
"""


def test_process_that_ends_sends_what_it_has(server):
    settings = f"""
from tests.settings import *
LIVELOG = {{"URL": "http://{server.address}", "SECRET": "s" * 32}}
"""
    program = "import sys, types; m = types.ModuleType('now'); exec(sys.argv[1], m.__dict__)\n"
    program += "sys.modules['now'] = m\n" + PROGRAM
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "now"}
    here = Path(__file__).resolve().parents[1]
    subprocess.run(
        [sys.executable, "-c", program, settings], cwd=here, env=environment, check=True, timeout=30
    )
    assert [record["key"] for record in server.records("exit")] == list(range(100))

import subprocess

import pytest

from django_livelog import sender
from tests.conftest import BINARY, Server


def test_server_with_a_configuration_takes_the_key_and_refuses_none(tmp_path, settings):
    keys = tmp_path / "keys.jsonl"
    made = subprocess.run(
        [BINARY, "keys", "make", "--file", keys, "--label", "app", "--action", "publish"],
        capture_output=True,
        text=True,
        check=True,
    )
    key = next(word for word in made.stdout.split() if word.startswith("llk_"))
    config = tmp_path / "livelog.yaml"
    config.write_text(
        "api_keys: keys.jsonl\nmodels:\n  m:\n    views:\n"
        "      - {name: all, who: everyone}\n    publish: nobody\n"
    )
    server = Server(tmp_path / "log", options=["--config", str(config)])
    try:
        _, body = sender.split([{"model": "m", "action": "CREATED", "key": 1, "instance": {}}])[0]
        address = f"http://{server.address}"
        settings.LIVELOG = {"URL": address, "SECRET": "s" * 32}
        with pytest.raises(sender.Refused):
            sender.post(body, "one")
        settings.LIVELOG = {"URL": address, "SECRET": "s" * 32, "KEY": key}
        sender.post(body, "two")
        assert len(server.records("m")) == 1
    finally:
        server.stop()

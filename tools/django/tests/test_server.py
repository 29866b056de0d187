import json
import os
import urllib.request

import pytest
from django.core.management import call_command
from django.db import transaction

from django_livelog import sender
from django_livelog.testing import capture
from tests.conftest import Server
from tests.todolist.models import List, Task

pytestmark = pytest.mark.django_db(transaction=True)


def test_real_server_has_what_was_committed(server):
    with transaction.atomic():
        list_ = List.objects.create(name="a")
        Task.objects.bulk_create([Task(text=str(n), list=list_) for n in range(1000)])
    assert sender.flush(10)
    records = server.records("todolist.Task")
    assert [r["instance"]["text"] for r in records] == [str(n) for n in range(1000)]
    assert server.metric("livelog_append_records_total") == 1001
    assert server.metric("livelog_append_batches_total") == 1


def test_server_that_is_away_costs_no_record_and_no_request(server, tmp_path):
    List.objects.create(name="a")
    assert sender.flush(10)
    server.stop()
    List.objects.create(name="b")
    List.objects.create(name="c")
    assert not sender.flush(0.2)
    again = Server(tmp_path / "log", server.address)
    try:
        assert sender.flush(15)
        names = [r["instance"]["name"] for r in again.records("todolist.List")]
        assert names == ["a", "b", "c"]
    finally:
        again.stop()


def test_refused_batch_is_logged_with_the_problem_and_not_retried(server, caplog):
    before = sender.COUNTS["refused"]
    sender.publish([{"model": "x", "action": "WRONG", "key": 1, "instance": {}}])
    List.objects.create(name="after")
    assert sender.flush(10)
    assert sender.COUNTS["refused"] == before + 1
    assert "unknown-action" in caplog.text
    assert len(server.records("todolist.List")) == 1


def test_same_key_is_appended_once(server):
    _, body = sender.split([{"model": "m", "action": "CREATED", "key": 1, "instance": {"id": 1}}])[
        0
    ]
    sender.post(body, "key-1")
    sender.post(body, "key-1")
    assert len(server.records("m")) == 1


def test_full_queue_drops_with_a_counted_error(settings, caplog):
    settings.LIVELOG = {**settings.LIVELOG, "QUEUE_LIMIT": 0}
    before = sender.COUNTS["dropped"]
    List.objects.create(name="a")
    assert sender.COUNTS["dropped"] == before + 1 and "QUEUE_LIMIT" in caplog.text


def test_forked_child_sends_its_own(server):
    List.objects.create(name="a")
    assert sender.flush(10)
    child = os.fork()
    if child == 0:
        sender.publish([{"model": "child", "action": "CREATED", "key": 1, "instance": {}}])
        os._exit(0 if sender.flush(10) else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert len(server.records("child")) == 1


def test_transaction_beyond_the_limits_is_split_in_order(monkeypatch, caplog):
    monkeypatch.setattr(sender, "BATCH_CHANGES", 2)
    bodies = sender.split([{"model": "m", "key": n} for n in range(5)])
    keys = [[change["key"] for change in json.loads(body)] for _, body in bodies]
    assert keys == [[0, 1], [2, 3], [4]] and "sent as 3" in caplog.text


def test_backfill_publishes_all_and_goes_on(server):
    with capture():
        lists = [List.objects.create(name=str(n)) for n in range(5)]
    call_command("livelog_backfill", "todolist.List", batch=2, verbosity=0)
    names = [r["instance"]["name"] for r in server.records("todolist.List")]
    assert names == list("01234")
    call_command("livelog_backfill", "todolist.List", after=str(lists[3].pk))
    assert len(server.records("todolist.List")) == 6
    assert urllib.request.urlopen(f"http://{server.address}/healthz").status == 200

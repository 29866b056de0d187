import json

import pytest
from django.core.management import call_command
from django.db import transaction

from django_livelog import outbox, sender
from django_livelog.models import OutboxEntry
from tests.conftest import Server
from tests.todolist.models import List, Task

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def with_outbox(settings):
    settings.LIVELOG = {**settings.LIVELOG, "OUTBOX": True}


def names(server):
    return [record["instance"]["name"] for record in server.records("todolist.List")]


class Undone(Exception):
    pass


def test_a_transaction_is_one_batch_and_what_is_rolled_back_is_nothing(server):
    with transaction.atomic():
        list_ = List.objects.create(name="a")
        with pytest.raises(Undone), transaction.atomic():
            List.objects.create(name="undone")
            raise Undone
        Task.objects.create(text="b", list=list_)
    with pytest.raises(Undone), transaction.atomic():
        List.objects.create(name="undone, too")
        raise Undone
    List.objects.create(name="c")
    batches = list(OutboxEntry.objects.order_by("id").values_list("batch", flat=True))
    assert len(batches) == 3 and batches[0] == batches[1] != batches[2]
    assert names(server) == []
    assert outbox.send_next() and outbox.send_next() and not outbox.send_next()
    assert names(server) == ["a", "c"] and not OutboxEntry.objects.exists()
    assert len(server.records("todolist.Task")) == 1


def test_whoever_dies_between_sending_and_noting_sends_again_and_it_is_there_once(
    server, monkeypatch
):
    List.objects.create(name="a")
    post = sender.post

    def post_and_die(body, key):
        post(body, key)
        raise KeyboardInterrupt

    monkeypatch.setattr(sender, "post", post_and_die)
    with pytest.raises(KeyboardInterrupt):
        outbox.send_next()
    assert names(server) == ["a"] and OutboxEntry.objects.count() == 1
    monkeypatch.setattr(sender, "post", post)
    assert outbox.send_next()
    assert names(server) == ["a"] and not OutboxEntry.objects.exists()


def test_a_server_that_is_away_costs_nothing(server, tmp_path):
    server.stop()
    for name in "abc":
        List.objects.create(name=name)
    with pytest.raises(sender.Unavailable):
        outbox.send_next()
    again = Server(tmp_path / "log", server.address)
    try:
        call_command("livelog_outbox", once=True)
        assert names(again) == ["a", "b", "c"]
    finally:
        again.stop()


def test_a_refused_batch_is_kept_and_holds_nobody_up(server, caplog):
    outbox.write([{"model": "x", "action": "WRONG", "key": 1, "instance": {}}], "default")
    List.objects.create(name="after")
    call_command("livelog_outbox", once=True)
    assert names(server) == ["after"]
    refused = OutboxEntry.objects.get()
    assert "unknown-action" in refused.refusal and "unknown-action" in caplog.text
    assert json.loads(refused.changes)[0]["action"] == "WRONG"


def test_the_migration_makes_the_table_as_the_model_is():
    call_command("makemigrations", "django_livelog", check=True, dry_run=True, verbosity=0)

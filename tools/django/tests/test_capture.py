import pytest
from django.db import transaction

from django_livelog import sender
from django_livelog.capture import touch
from tests.todolist.models import List, Secret, Task

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "other"])


def actions(batches):
    return [[(c["action"], c["model"].split(".")[1], c["key"]) for c in batch] for batch in batches]


def test_autocommit_publishes_each_change_with_the_groups_and_the_serializer(batches):
    list_ = List.objects.create(name="a")
    task = Task.objects.create(text="x", list=list_)
    key = task.pk
    task.done = True
    task.save()
    task.delete()
    assert [b[0]["action"] for b in batches[1:]] == ["CREATED", "UPDATED", "DELETED"]
    assert batches[3] == [
        {
            "model": "todolist.Task",
            "action": "DELETED",
            "key": key,
            "groups": {"id": key, "list_id": list_.pk},
            "instance": {"id": key, "text": "x", "done": True},
        }
    ]


def test_transaction_is_one_batch_without_rolled_back_savepoints(batches):
    with transaction.atomic():
        list_ = List.objects.create(name="a")
        try:
            with transaction.atomic():
                Task.objects.create(text="lost", list=list_)
                raise ValueError
        except ValueError:
            pass
        with transaction.atomic():
            kept = Task.objects.create(text="kept", list=list_)
        try:
            with transaction.atomic():
                Task.objects.create(text="lost too", list=list_)
                raise ValueError
        except ValueError:
            pass
        assert batches == []
    assert actions(batches) == [[("CREATED", "List", list_.pk), ("CREATED", "Task", kept.pk)]]


def test_rollback_shows_nothing_and_the_next_transaction_is_whole(batches):
    with pytest.raises(ValueError):
        with transaction.atomic():
            List.objects.create(name="a")
            raise ValueError
    with transaction.atomic():
        List.objects.create(name="b")
    assert [[c["instance"]["name"] for c in b] for b in batches] == [["b"]]


def test_databases_have_batches_of_their_own(batches):
    with transaction.atomic(), transaction.atomic(using="other"):
        List.objects.create(name="a")
        List.objects.using("other").create(name="b")
        List.objects.create(name="c")
    names = [[c["instance"]["name"] for c in b] for b in batches]
    assert names == [["b"], ["a", "c"]]


def test_row_deleted_in_a_transaction_keeps_its_key(batches):
    list_ = List.objects.create(name="a")
    key = list_.pk
    with transaction.atomic():
        list_.delete()
    assert actions(batches[1:]) == [[("DELETED", "List", key)]]


def test_several_serializers_are_renderings_beside_the_columns(batches):
    list_ = List.objects.create(name="a", owner_id=3)
    secret = Secret.objects.create(text="x", price="1.50", list=list_)
    change = batches[1][0]
    assert change["instance"]["list_id"] == list_.pk
    assert change["instance"]["price"] == "1.50"
    assert change["views"]["OtherSerializer"] == {"id": secret.pk}
    assert set(change["views"]["OwnerSerializer"]) == {"id", "text", "price"}


def test_serializer_that_raises_costs_no_request(batches):
    list_ = List.objects.create(name="a")
    before = sender.COUNTS["unserializable"]
    task = Task.objects.create(text="unserializable", list=list_)
    assert sender.COUNTS["unserializable"] == before + 1 and len(batches) == 1
    key = task.pk
    task.delete()
    assert batches[1][0]["action"] == "DELETED" and batches[1][0]["instance"] == {"id": key}


def test_bulk_operations_are_one_batch_each(batches):
    list_ = List.objects.create(name="a")
    made = Task.objects.bulk_create([Task(text=str(n), list=list_) for n in range(1000)])
    assert len(batches) == 2 and len(batches[1]) == 1000
    assert Task.objects.filter(done=False).update(done=True) == 1000
    assert len(batches) == 3 and all(c["instance"]["done"] for c in batches[2])
    assert len(batches[2]) == 1000
    for task in made[:3]:
        task.text = "new"
    with transaction.atomic():
        Task.objects.bulk_update(made[:3], ["text"])
    assert [c["instance"]["text"] for c in batches[3]] == ["new"] * 3
    list_.delete()
    assert len(batches[4]) == 1001 and {c["action"] for c in batches[4]} == {"DELETED"}


def test_touch_publishes_what_is_there(batches):
    list_ = List.objects.create(name="a")
    touch(list_)
    touch(List.objects.all())
    assert actions(batches[1:]) == [[("UPDATED", "List", list_.pk)]] * 2


def test_disabled_publishes_nothing(batches, settings):
    settings.LIVELOG = {"ENABLED": False}
    List.objects.create(name="a")
    assert batches == []


def test_change_without_autocommit_and_atomic_is_not_published_and_counted(batches):
    before = sender.COUNTS["without-atomic"]
    transaction.set_autocommit(False)
    try:
        List.objects.create(name="a")
        transaction.rollback()
    finally:
        transaction.set_autocommit(True)
    assert batches == []
    assert sender.COUNTS["without-atomic"] == before + 1

"""The eight tests of django-rest-live 0.2.2, against a real server that asks this Django.

Where the original waited for silence, a message that everybody gets is sent behind: what should
not come would come before it.
"""

import pytest
from django.contrib.auth import get_user_model
from rest_framework import serializers

from django_livelog.decorators import subscribable
from tests.rest_live import SECRET, Registry, Socket, serve, session_of
from tests.todolist.models import List, Todo

pytestmark = pytest.mark.django_db(transaction=True)


class TodoSerializer(serializers.ModelSerializer):
    class Meta:
        model = Todo
        fields = ["id", "text", "done", "another_field"]


class ListSerializer(serializers.ModelSerializer):
    class Meta:
        model = List
        fields = ["id", "name"]


class World:
    """A list, and a server that knows Todo by `list_id`, with this check."""

    def __init__(self, directory, live_server, check=None):
        subscribable("list_id", check)(TodoSerializer)
        subscribable("name")(ListSerializer)
        self.server = serve(directory, live_server.url)
        self.list = List.objects.create(name="test list")

    @property
    def request(self):
        return {"model": "todolist.Todo", "property": "list_id", "value": self.list.pk}

    def message(self, action, todo, **instance):
        shown = {"id": todo.pk, "text": "test", "done": False, "anotherField": True, **instance}
        return {
            "model": "todolist.Todo",
            "instance": shown,
            "action": action,
            "group_key_value": self.list.pk,
        }

    def create(self):
        return Todo.objects.create(list=self.list, text="test")

    def expect_nothing_more(self, socket):
        socket.send({"model": "todolist.List", "property": "name", "value": "the end"})
        List.objects.create(name="the end")
        assert socket.message()["instance"]["name"] == "the end"


@pytest.fixture
def world(tmp_path, live_server, settings):
    settings.LIVELOG = {**settings.LIVELOG, "SECRET": SECRET}
    made = []

    def make(check=None):
        made.append(World(tmp_path, live_server, check))
        return made[-1]

    with Registry():
        yield make
    for one in made:
        one.server.stop()


def test_list_subscribe_create(world):
    here = world()
    with Socket(here.server) as socket:
        socket.send(here.request)
        todo = here.create()
        message = socket.message()
        assert message == here.message("CREATED", todo)
        assert list(message) == ["model", "instance", "action", "group_key_value"]


def test_list_unsubscribe(world):
    here = world()
    with Socket(here.server) as socket:
        socket.send(here.request)
        assert here.message("CREATED", here.create()) == socket.message()
        socket.send({**here.request, "unsubscribe": True})
        here.create()
        here.expect_nothing_more(socket)


def test_list_unsubscribe_does_stack(world):
    here = world()
    with Socket(here.server) as socket:
        socket.send(here.request)
        socket.send(here.request)
        assert here.message("CREATED", here.create()) == socket.message()
        socket.send({**here.request, "unsubscribe": True})
        assert here.message("CREATED", here.create()) == socket.message()
        socket.send({**here.request, "unsubscribe": True})
        here.create()
        here.expect_nothing_more(socket)


def test_list_subscribe_update(world):
    here = world()
    with Socket(here.server) as socket:
        socket.send(here.request)
        todo = here.create()
        assert socket.message()["action"] == "CREATED"
        todo.done = True
        todo.save()
        assert socket.message() == here.message("UPDATED", todo, done=True)


def test_list_subscribe_delete(world):
    here = world()
    with Socket(here.server) as socket:
        socket.send(here.request)
        todo = here.create()
        assert socket.message()["action"] == "CREATED"
        expected = here.message("DELETED", todo)
        todo.delete()
        assert socket.message() == expected


def test_list_subscribe_permissions_fails(world):
    here = world(lambda user, instance: False)
    with Socket(here.server) as socket:
        socket.send(here.request)
        here.create()
        here.expect_nothing_more(socket)


def has_auth(user, instance):
    return user.is_authenticated


def test_list_subscribe_permissions_fails_when_not_authed(world):
    here = world(has_auth)
    with Socket(here.server) as socket:
        socket.send(here.request)
        here.create()
        here.expect_nothing_more(socket)


def test_list_subscribe_permissions_succeeds_when_authed(world):
    here = world(has_auth)
    with Socket(here.server, session_of(get_user_model().objects.create_user("ann"))) as socket:
        socket.send(here.request)
        assert here.message("CREATED", here.create()) == socket.message()


def test_a_delete_is_told_to_whom_it_may_be_and_to_nobody_else(world):
    """The original closed the socket: the row was gone when it asked who may see it."""
    here = world(lambda user, instance: user.username == "ann" and instance.text == "test")
    users = get_user_model().objects
    sessions = [session_of(users.create_user(name)) for name in ("ann", "bob")]
    with Socket(here.server, sessions[0]) as ann, Socket(here.server, sessions[1]) as bob:
        ann.send(here.request)
        bob.send(here.request)
        todo = here.create()
        deleted = here.message("DELETED", todo)
        assert ann.message() == here.message("CREATED", todo)
        todo.delete()
        assert ann.message() == deleted
        here.expect_nothing_more(bob)

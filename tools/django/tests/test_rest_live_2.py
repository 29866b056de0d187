"""The tests of django-rest-live 0.7.0, against a real server that asks this Django.

docs/django-rest-live.md says which of them cannot be, and why. Where the original waited for
silence, an answer that always comes is asked for behind: what should not come would come before.
"""

import pytest
from django.contrib.auth import get_user_model
from django.db.models.functions import Length
from rest_framework import permissions, serializers, viewsets
from rest_framework.filters import SearchFilter

from django_livelog import sender
from django_livelog.mixins import RealtimeMixin
from django_livelog.routers import RealtimeRouter
from tests.rest_live import SECRET, Registry, Socket, serve, session_of, status_of_refused
from tests.todolist.models import List, Todo

pytestmark = pytest.mark.django_db(transaction=True)
TODO = "todolist.Todo"


class TodoSerializer(serializers.ModelSerializer):
    class Meta:
        model = Todo
        fields = ["id", "text", "done", "another_field"]


class AuthedSerializer(serializers.ModelSerializer):
    class Meta:
        model = Todo
        fields = ["id", "text", "done"]


class NoAuthSerializer(serializers.ModelSerializer):
    class Meta:
        model = Todo
        fields = ["id", "text"]


class AnnotatedSerializer(serializers.ModelSerializer):
    text_length = serializers.IntegerField(read_only=True)

    class Meta:
        model = Todo
        fields = ["id", "text", "text_length"]


def a_view(**members):
    members = {"queryset": Todo.objects.all(), "serializer_class": TodoSerializer, **members}
    return type("TodoViewSet", (RealtimeMixin, viewsets.ModelViewSet), members)


def has_auth(user, instance):
    return user.is_authenticated


def has_no_auth(user, instance):
    return not user.is_authenticated


class World:
    def __init__(self, directory, django):
        self.server = serve(directory, django)
        self.list = List.objects.create(name="test list")

    def create(self, text="test"):
        return Todo.objects.create(list=self.list, text=text)

    def socket(self, session=None, path="/ws/subscribe/"):
        return Page(Socket(self.server, session, path))


class Page:
    """A socket of the later client."""

    def __init__(self, socket):
        self.socket = socket

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.connection.close()

    def subscribe(self, number=1, action="list", **members):
        frame = {"type": "subscribe", "id": number, "model": TODO, "action": action}
        self.socket.send({**frame, **members})

    def unsubscribe(self, number=1):
        self.socket.send({"type": "unsubscribe", "id": number})

    def message(self):
        return self.socket.message()

    def expect(self, action, todo, number=1, **instance):
        shown = {"id": todo.pk, "text": todo.text, "done": todo.done, "anotherField": True}
        assert self.message() == broadcast(action, instance or shown, number)

    def expect_error(self, code, number=1):
        message = self.message()
        assert (message["type"], message["id"], message["code"]) == ("error", number, code)

    def expect_nothing_more(self):
        """Nothing but the answer to what nobody has subscribed to, when all is published."""
        assert sender.flush(10)
        beside = {"type": "subscribe", "id": "beside", "model": "todolist.List", "action": "list"}
        self.socket.send(beside)
        List.objects.create(name="the end")
        assert self.message()["id"] == "beside"
        self.unsubscribe("beside")


def broadcast(action, instance, number=1):
    frame = {"type": "broadcast", "id": number, "model": TODO, "action": action}
    return {**frame, "instance": instance}


def session_of_ann():
    return session_of(get_user_model().objects.create_user("ann"))


class ListView(RealtimeMixin, viewsets.ModelViewSet):
    """So that there is something else to hear of."""

    class Serializer(serializers.ModelSerializer):
        class Meta:
            model = List
            fields = ["id", "name"]

    queryset = List.objects.all()
    serializer_class = Serializer


@pytest.fixture
def world(tmp_path, live_server, settings):
    """Makes a server of routers, each with its views; one without a name is the default one."""
    settings.LIVELOG = {**settings.LIVELOG, "SECRET": SECRET}
    made = []

    def make(*views, **routers):
        RealtimeRouter().register_all([*views, ListView])
        for name, (public, view) in routers.items():
            RealtimeRouter(name, public=public).register(view)
        made.append(World(tmp_path, live_server.url))
        return made[-1]

    with Registry():
        yield make
    for one in made:
        one.server.stop()


# BasicResourceTests


def test_single_update(world):
    here = world(a_view())
    todo, other = here.create(), here.create()
    assert sender.flush(10)
    with here.socket() as page:
        page.subscribe(action="retrieve", lookup_by=todo.pk)
        other.save()
        todo.done = True
        todo.save()
        page.expect("UPDATED", todo)


def test_single_unsubscribe(world):
    here = world(a_view())
    todo = here.create()
    assert sender.flush(10)
    with here.socket() as page:
        page.subscribe(action="retrieve", lookup_by=todo.pk)
        todo.save()
        page.expect("UPDATED", todo)
        page.unsubscribe()
        todo.save()
        page.expect_nothing_more()


# BasicListTests


def test_list_subscribe_create(world):
    here = world(a_view())
    with here.socket() as page:
        page.subscribe()
        page.expect("CREATED", here.create())


def test_list_unsubscribe(world):
    here = world(a_view())
    with here.socket() as page:
        page.subscribe()
        page.expect("CREATED", here.create())
        page.unsubscribe()
        here.create()
        page.expect_nothing_more()


def test_list_unsubscribe_does_stack(world):
    here = world(a_view())
    with here.socket() as page:
        page.subscribe(1)
        page.subscribe(2)
        todo = here.create()
        page.expect("CREATED", todo, 1)
        page.expect("CREATED", todo, 2)
        page.unsubscribe(1)
        page.expect("CREATED", here.create(), 2)
        page.unsubscribe(2)
        here.create()
        page.expect_nothing_more()


def test_list_subscribe_update(world):
    here = world(a_view())
    todo = here.create()
    assert sender.flush(10)
    with here.socket() as page:
        page.subscribe()
        todo.done = True
        todo.save()
        page.expect("UPDATED", todo)


def test_list_subscribe_delete(world):
    here = world(a_view())
    todo = here.create()
    assert sender.flush(10)
    with here.socket() as page:
        page.subscribe()
        key = todo.pk
        todo.delete()
        page.expect("DELETED", todo, pk=key, id=key)


# PermissionsTests


def test_list_sub_no_permission(world):
    here = world(a_view(permission_classes=[permissions.IsAuthenticated]))
    with here.socket() as page:
        page.subscribe()
        page.expect_error(403)
        here.create()
        page.expect_nothing_more()


def test_list_sub_with_permission(world):
    here = world(a_view(permission_classes=[permissions.IsAuthenticated]))
    with here.socket(session_of_ann()) as page:
        page.subscribe()
        page.expect("CREATED", here.create())


def test_list_sub_conditional_serializers(world):
    pairs = [(AuthedSerializer, has_auth), (NoAuthSerializer, has_no_auth)]
    here = world(a_view(serializer_class=None, realtime_serializers=pairs))
    with here.socket() as nobody, here.socket(session_of_ann()) as ann:
        nobody.subscribe()
        ann.subscribe()
        todo = here.create()
        ann.expect("CREATED", todo, id=todo.pk, text="test", done=False)
        nobody.expect("CREATED", todo, id=todo.pk, text="test")
        nobody.expect_nothing_more()
        ann.expect_nothing_more()


# ViewKwargTests


class NamesItsList(permissions.BasePermission):
    """Whoever names another list than this one may not see its tasks."""

    allowed = None

    def has_permission(self, request, view):
        return view.kwargs["list_id"] == self.allowed


def test_permission_with_kwargs_fails(world):
    here = world(a_view(permission_classes=[NamesItsList]))
    NamesItsList.allowed = -1
    with here.socket() as page:
        page.subscribe(view_kwargs={"list_id": here.list.pk})
        here.create()
        page.expect_nothing_more()


def test_permission_with_kwargs_succeeds(world):
    here = world(a_view(permission_classes=[NamesItsList]))
    NamesItsList.allowed = here.list.pk
    with here.socket() as page:
        page.subscribe(view_kwargs={"list": here.list.pk})
        page.expect("CREATED", here.create())


def test_permission_with_params_succeeds(world):
    here = world(a_view(permission_classes=[NamesItsList]))
    NamesItsList.allowed = here.list.pk
    with here.socket() as page:
        page.subscribe(query_params={"list": here.list.pk})
        page.expect("CREATED", here.create())


# QueryParamsTests


@pytest.mark.parametrize("action", ["list", "retrieve"])
def test_a_search_is_refused_and_not_taken_for_everything(world, action):
    here = world(a_view(filter_backends=[SearchFilter], search_fields=["text"]))
    todo = here.create()
    assert sender.flush(10)
    with here.socket() as page:
        lookup = {"lookup_by": todo.pk} if action == "retrieve" else {}
        page.subscribe(action=action, query_params={"search": "test"}, **lookup)
        page.expect_error(400)
        todo.save()
        page.expect_nothing_more()


# QuerysetFetchTest


def special(**members):
    return a_view(queryset=Todo.objects.filter(text="special"), **members)


def test_empty_queryset_not_found_list(world):
    here = world(special())
    with here.socket() as page:
        page.subscribe()
        here.create()
        page.expect_nothing_more()


def test_empty_queryset_not_found_individual(world):
    here = world(special())
    todo = here.create()
    assert sender.flush(10)
    with here.socket() as page:
        page.subscribe(action="retrieve", lookup_by=todo.pk)
        page.expect_error(404)


def test_filter_matches(world):
    here = world(special())
    with here.socket() as page:
        page.subscribe()
        page.expect("CREATED", here.create("special"))


def test_filter_matches_then_doesnt(world):
    here = world(special())
    with here.socket() as page:
        page.subscribe()
        todo = here.create("special")
        page.expect("CREATED", todo)
        todo.text = "not"
        todo.save()
        page.expect("DELETED", todo, pk=todo.pk, id=todo.pk)
        todo.save()
        page.expect_nothing_more()


def test_filter_doesnt_match_then_does(world):
    here = world(special())
    todo = here.create("not")
    with here.socket() as page:
        page.subscribe()
        todo.text = "special"
        todo.save()
        page.expect("CREATED", todo)


# AnnotatedTodoTest


def test_annotations(world):
    queryset = Todo.objects.annotate(text_length=Length("text"))
    here = world(a_view(queryset=queryset, serializer_class=AnnotatedSerializer))
    with here.socket() as page:
        page.subscribe()
        todo = here.create("four")
        page.expect("CREATED", todo, id=todo.pk, text="four", textLength=4)
        todo.text = "longer"
        todo.save()
        page.expect("UPDATED", todo, id=todo.pk, text="longer", textLength=6)


# LookupTodoTest


@pytest.mark.parametrize("action", ["list", "retrieve"])
def test_lookup_subscription(world, action):
    here = world(a_view(lookup_field="text"))
    with here.socket() as page:
        if action == "list":
            page.subscribe()
            todo = here.create("first")
            page.expect("CREATED", todo)
        else:
            todo = here.create("first")
            assert sender.flush(10)
            page.subscribe(action="retrieve", lookup_by="first")
        todo.text = "second"
        todo.save()
        page.expect("UPDATED", todo)
        key = todo.pk
        todo.delete()
        page.expect("DELETED", todo, text="second", id=key)


# PrivateRouterTests


def test_private_router(world):
    here = world(private=(False, a_view()))
    path = "/ws/private/"
    assert status_of_refused(here.server, path) == 403
    assert status_of_refused(here.server, path, "a session that there is not") == 403
    with here.socket(session_of_ann(), path) as page:
        page.subscribe()
        page.expect("CREATED", here.create())


# MultiRouterTests


def test_broadcasts_one_per_router(world):
    here = world(a_view(), second=(True, a_view()))
    with here.socket() as first, here.socket(path="/ws/second/") as second:
        first.subscribe()
        second.subscribe()
        todo = here.create()
        first.expect("CREATED", todo)
        second.expect("CREATED", todo)
        first.expect_nothing_more()


def test_broadcasts_only_to_one(world):
    closed = a_view(permission_classes=[permissions.IsAuthenticated])
    here = world(a_view(), second=(True, closed))
    with here.socket() as first, here.socket(path="/ws/second/") as second:
        first.subscribe()
        second.subscribe()
        second.expect_error(403)
        first.expect("CREATED", here.create())
        second.unsubscribe("nothing came before")
        second.expect_error(404, "nothing came before")


# RealtimeSetupErrorTests


def test_setup_errors():
    with Registry():
        router = RealtimeRouter()
        with pytest.raises(RuntimeError):
            router.register(type("NoMixin", (viewsets.ModelViewSet,), {"queryset": Todo.objects}))
        router.register(a_view())
        with pytest.warns(RuntimeWarning):
            router.register(a_view())
        with pytest.raises(AssertionError):
            router.register(type("NoView", (RealtimeMixin,), {}))
        with pytest.raises(AssertionError):
            router.register(a_view(queryset=None))


# APIErrorTests


@pytest.mark.parametrize(
    "frame, code, message",
    [
        (
            {"type": "unsubscribe"},
            404,
            "Attempted to unsubscribe for request ID before subscribing.",
        ),
        ({"type": "subscribe", "action": "list"}, 400, "No model specified."),
        (
            {"type": "subscribe", "model": TODO},
            400,
            "`action` must be present and the value must be either `list` or `retrieve`.",
        ),
        (
            {"type": "subscribe", "model": "blah.Model", "action": "list"},
            404,
            "Model blah.Model not registered for realtime updates.",
        ),
    ],
)
def test_api_errors(world, frame, code, message):
    here = world(a_view())
    with here.socket() as page:
        page.socket.send({"id": 1337, **frame})
        expected = {"type": "error", "id": 1337, "code": code, "message": message}
        assert page.message() == expected

"""Realtime views and routers: registration, what is published, and who is let see it."""

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.db import connection, transaction
from rest_framework import generics, permissions, serializers, viewsets
from rest_framework.filters import BaseFilterBackend

from django_livelog import registry, sender
from django_livelog.capture import touch
from django_livelog.decorators import subscribable
from django_livelog.mixins import RealtimeMixin
from django_livelog.records import columns, row_of
from django_livelog.routers import RealtimeRouter
from django_livelog.schema import schema
from tests.todolist.models import Card, List, Task
from tests.todolist.serializers import ListSerializer, TaskSerializer
from tests.todolist.views import CardView

PUBLIC, PRIVATE = "todolist.Card", "todolist.Card@private"


@pytest.fixture
def fresh(monkeypatch):
    """What a test registers is forgotten again."""
    monkeypatch.setattr(registry, "MODELS", dict(registry.MODELS))
    kept = dict(registry.ROUTERS)
    yield
    registry.ROUTERS.clear()
    registry.ROUTERS.update(kept)


class Sound(RealtimeMixin, generics.ListAPIView):
    queryset = Task.objects.all()
    serializer_class = TaskSerializer


# Registration


def test_view_without_the_mixin_is_refused(fresh):
    class View(viewsets.ModelViewSet):
        queryset = Task.objects.all()

    with pytest.raises(RuntimeError, match="RealtimeMixin"):
        RealtimeRouter("other").register(View)


def test_class_that_is_no_view_is_refused(fresh):
    class View(RealtimeMixin):
        queryset = Task.objects.all()

    with pytest.raises(AssertionError, match="GenericAPIView"):
        RealtimeRouter("other").register(View)


def test_view_without_a_queryset_is_refused(fresh):
    class View(RealtimeMixin, generics.ListAPIView):
        serializer_class = TaskSerializer

    with pytest.raises(AssertionError, match="queryset"):
        RealtimeRouter("other").register(View)


def test_second_view_of_a_model_in_a_router_warns_and_counts(fresh):
    class Second(Sound):
        pass

    router = RealtimeRouter("other")
    with pytest.warns(RuntimeWarning, match="two views"):
        router.register_all([Sound, Second])
    assert registry.MODELS["todolist.Task@other"].view is Second


def test_label_is_shown_by_one_thing(fresh):
    with pytest.raises(RuntimeError, match="name of its own"):
        RealtimeRouter().register(Sound)  # the serializer is registered by its decorator
    with pytest.raises(RuntimeError, match="name of its own"):
        RealtimeRouter().register(CardView)  # another router without a name shows it

    class Meta:
        model = Card
        fields = ["id"]

    with pytest.raises(RuntimeError, match="router a name"):
        subscribable()(type("X", (serializers.ModelSerializer,), {"Meta": Meta}))


@pytest.mark.parametrize("given", [{"public": False}, {"path": "/ws/x/"}])
def test_only_a_router_with_a_name_has_a_path(fresh, given):
    with pytest.raises(RuntimeError, match="with a name"):
        RealtimeRouter(**given)


def test_names_are_checked_and_used_once(fresh):
    with pytest.raises(RuntimeError, match="letters"):
        RealtimeRouter("a b")
    with pytest.raises(RuntimeError, match="two routers"):
        RealtimeRouter("private")


class ByUser(BaseFilterBackend):
    pass


def dynamic(self, *args):
    raise NotImplementedError


@pytest.mark.parametrize(
    "members, hint",
    [
        ({"get_queryset": dynamic}, "get_realtime_queryset"),
        ({"filter_queryset": dynamic}, "get_realtime_queryset"),
        ({"filter_backends": [ByUser]}, "get_realtime_queryset"),
        ({"get_serializer_class": dynamic}, "realtime_serializers"),
        ({"get_serializer": dynamic}, "realtime_serializers"),
        ({"queryset": Task.objects.all()[:5]}, "slice"),
        ({"realtime_groups": ["lisst"]}, "lisst"),
        ({"lookup_field": "list__name"}, "list__name"),
        ({"realtime_serializers": [(TaskSerializer, None)] * 2}, "two serializers"),
    ],
)
def test_what_may_depend_on_the_user_or_cannot_work_is_refused(fresh, members, hint):
    router = RealtimeRouter("other")
    with pytest.raises(RuntimeError, match=hint):
        router.register(type("View", (Sound,), members))
    assert "todolist.Task@other" not in registry.MODELS


def test_view_that_says_what_holds_for_all_is_taken(fresh):
    def get_realtime_queryset(self):
        return Task.objects.filter(done=False)

    members = {"get_queryset": dynamic, "filter_backends": [ByUser]}
    view = type("View", (Sound,), {**members, "get_realtime_queryset": get_realtime_queryset})
    RealtimeRouter("other").register(view)
    assert "todolist.Task@other" in registry.MODELS


# The schema


def test_schema_has_the_lookup_the_rules_and_the_paths():
    text = schema()
    assert (
        '  "todolist.Card":\n    key: "id"\n    groups: ["id", "slug", "list_id"]\n'
        '    aliases: {"list": "list_id"}\n    lookup: "slug"\n' in text
    )
    ask = '{"all": ["authenticated", %s{"ask": "PrivateCardView"}]}'
    full = '{"name": "FullSerializer", "rendering": "FullSerializer", "who": %s}'
    short = '{"name": "ShortSerializer", "rendering": "ShortSerializer", "who": %s}'
    assert full % (ask % '"staff", ') in text and short % (ask % "") in text
    assert (
        'rest_live:\n  paths:\n    - {"path": "/ws/private/", "who": "authenticated", '
        '"models": {"todolist.Card": "todolist.Card@private"}}\n' in text
    )


def test_model_of_a_private_router_needs_a_login_also_at_other_paths(fresh):
    RealtimeRouter("other", public=False).register(Sound)
    (view,) = registry.MODELS["todolist.Task@other"].views.values()
    assert view.rules() == ["authenticated"]


def test_permissions_that_a_view_decides_by_itself_are_asked_for(fresh):
    class View(Sound):
        permission_classes = [permissions.IsAuthenticated]

        def get_permissions(self):
            return [permissions.IsAdminUser()]

    RealtimeRouter("other").register(View)
    (view,) = registry.MODELS["todolist.Task@other"].views.values()
    assert view.rules() == [{"ask": "View"}]


# What is published


@pytest.fixture
def list_(db, batches):
    made = List.objects.create(name="a")
    batches.clear()
    return made


def published(batches, label=PUBLIC):
    return [(c["action"], c["instance"]) for b in batches for c in b if c["model"] == label]


@pytest.mark.django_db(transaction=True)
def test_routers_publish_one_batch_each_in_its_own_way(list_, batches):
    card = Card.objects.create(text="hello", slug="s", list=list_, owner_id=7)
    ((public, own),) = batches
    assert public == {
        "model": PUBLIC,
        "action": "CREATED",
        "key": card.pk,
        "groups": {"id": card.pk, "slug": "s", "list_id": list_.pk},
        "instance": {
            "id": card.pk,
            "slug": "s",
            "text": "hello",
            "list": list_.pk,
            "text_length": 5,
            "url": "/cards/s/",
        },
    }
    assert own["model"] == PRIVATE and own["instance"]["owner_id"] == 7
    assert own["groups"] == {"id": card.pk, "list_id": list_.pk, "owner_id": 7}
    assert own["views"]["ShortSerializer"] == {"id": card.pk, "text": "hello"}


@pytest.mark.django_db(transaction=True)
def test_row_enters_and_leaves_the_queryset(list_, batches):
    card = Card.objects.create(text="a", slug="s", list=list_, archived=True)
    assert published(batches) == []
    card.save()
    assert published(batches) == []
    card.archived = False
    card.save()
    card.save()
    assert [action for action, _ in published(batches)] == ["CREATED", "UPDATED"]
    card.archived = True
    card.save()
    card.save()
    key = card.pk
    assert published(batches)[2:] == [("DELETED", {"id": key})]
    card.delete()
    assert published(batches)[3:] == []
    assert published(batches, PRIVATE)[-1] == ("DELETED", {"id": key})


@pytest.mark.django_db(transaction=True)
def test_deletion_is_published_of_rows_that_were_shown(list_, batches):
    shown = Card.objects.create(text="a", slug="s", list=list_)
    Card.objects.create(text="b", slug="t", list=list_, archived=True)
    key = shown.pk
    batches.clear()
    list_.delete()
    assert published(batches) == [("DELETED", {"id": key})]
    assert len(published(batches, PRIVATE)) == 2


@pytest.mark.django_db(transaction=True)
def test_key_of_another_type_is_the_same_row(list_, batches):
    card = Card.objects.create(text="a", slug="s", list=list_)
    card.pk = str(card.pk)
    card.save()
    card.archived = True
    card.save()
    assert [action for action, _ in published(batches)] == ["CREATED", "UPDATED", "DELETED"]


@pytest.mark.django_db(transaction=True)
def test_touch_ends_what_is_not_shown_any_more_for_whatever_reason(list_, batches):
    card = Card.objects.create(text="a", slug="s", list=list_)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE todolist_card SET archived = TRUE")
    batches.clear()
    touch(card)
    assert published(batches) == [("DELETED", {"id": card.pk})]


@pytest.mark.django_db(transaction=True)
def test_bulk_operations_ask_the_queryset_once_for_500_rows(
    list_, batches, django_assert_num_queries
):
    cards = [Card(text=str(n), slug=str(n), list=list_, archived=n % 2) for n in range(600)]
    Card.objects.bulk_create(cards)
    assert len(published(batches)) == 300 and len(published(batches, PRIVATE)) == 600
    batches.clear()
    Card.objects.update(archived=True)
    assert [action for action, _ in published(batches)] == ["DELETED"] * 300
    batches.clear()
    Card.objects.update(archived=False)
    assert [action for action, _ in published(batches)] == ["CREATED"] * 600
    batches.clear()
    with django_assert_num_queries(1 + 2 * 2):  # the rows, and two chunks for two views
        touch(Card.objects.all())
    assert len(published(batches, PRIVATE)) == 600


@pytest.mark.django_db(transaction=True)
def test_queryset_that_fails_takes_no_transaction_with_it(list_, batches, monkeypatch):
    broken = Card.objects.extra(where=["no_such_column = 1"])
    monkeypatch.setattr(CardView, "get_realtime_queryset", lambda self: broken)
    before = sender.COUNTS["unserializable"]
    with transaction.atomic():
        Card.objects.create(text="a", slug="s", list=list_)
        Card.objects.create(text="b", slug="t", list=list_)
    assert Card.objects.count() == 2 and connection.is_usable()
    assert sender.COUNTS["unserializable"] == before + 2
    assert len(published(batches, PRIVATE)) == 2 and published(batches) == []


# Decisions


def decide(user, ask="PrivateCardView", **values):
    entry = registry.MODELS[PRIVATE]
    card = Card(pk=1, text="x", slug="s", list_id=3, **values)
    return entry.check(ask)(user, row_of(Card, columns(card)))


def test_view_decides_by_its_permissions():
    owner, staff = User(pk=7), User(pk=8, is_staff=True)
    assert decide(owner, owner_id=7)
    assert not decide(owner, owner_id=9)
    assert decide(staff, owner_id=9)
    assert not decide(AnonymousUser(), owner_id=None)


@pytest.mark.parametrize("denied", ["list", "retrieve"])
def test_row_is_to_be_allowed_in_a_list_and_alone(fresh, denied):
    class Some(permissions.BasePermission):
        def has_permission(self, request, view):
            return view.action != denied

    class View(RealtimeMixin, viewsets.ReadOnlyModelViewSet):
        queryset = Card.objects.all()
        serializer_class = ListSerializer
        permission_classes = [Some]

    RealtimeRouter("other").register(View)
    check = registry.MODELS["todolist.Card@other"].check("View")
    assert not check(User(pk=1), Card(pk=1, list_id=3))


def test_unknown_question_is_an_error():
    for ask in ("No", "No.ShortSerializer", "PrivateCardView.No"):
        with pytest.raises(KeyError):
            decide(User(pk=7), ask)

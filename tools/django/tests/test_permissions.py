import pytest
from django.contrib.auth.models import AnonymousUser, User
from rest_framework import permissions, serializers

from django_livelog.decorators import subscribable
from django_livelog.permissions import allows, rule_of
from tests.todolist.models import Secret
from tests.todolist.serializers import MayRead

READER = User(pk=1)
ROW, HIDDEN = Secret(text="x"), Secret(text="hidden")


class Stricter(permissions.IsAuthenticated):
    def has_object_permission(self, request, view, obj):
        return obj.text == "x"


@pytest.mark.parametrize(
    "check, rule",
    [
        (None, "everyone"),
        (permissions.AllowAny, "everyone"),
        (permissions.IsAuthenticated, "authenticated"),
        (permissions.IsAdminUser(), "staff"),
        (Stricter, None),
        (permissions.IsAuthenticated & MayRead, None),
    ],
)
def test_only_the_well_known_become_rules(check, rule):
    assert rule_of(check) == rule


@pytest.mark.parametrize(
    "check", [MayRead, MayRead(), Stricter, permissions.IsAuthenticated & MayRead]
)
def test_classes_instances_and_compositions_decide(check):
    assert allows(check, READER, ROW)
    assert not allows(check, READER, HIDDEN)
    assert not allows(check, AnonymousUser(), ROW)


def test_second_serializer_of_a_name_does_not_replace_the_checks_of_the_first():
    class Meta:
        model = Secret
        fields = ["id"]

    other = type("OwnerSerializer", (serializers.ModelSerializer,), {"Meta": Meta})
    with pytest.raises(RuntimeError, match="rename"):
        subscribable("list_id")(other)

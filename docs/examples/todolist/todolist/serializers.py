"""Who sees what of a task: the conditional serializer pattern of django-rest-live.

Who is logged in sees whether a task is done. Everybody else sees the tasks, but not that. The two checks exclude each
other, so each reader gets one of the two forms, by the REST API and by WebSocket.
"""

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django_livelog.decorators import subscribable
from rest_framework import serializers

from .models import List, Task


def has_auth(user: AbstractBaseUser | AnonymousUser, instance: Task) -> bool:
    return user.is_authenticated


def has_no_auth(user: AbstractBaseUser | AnonymousUser, instance: Task) -> bool:
    return not has_auth(user, instance)


@subscribable(group_key="list_id", check_permission=has_auth)
class AuthedTaskSerializer(serializers.ModelSerializer):
    class Meta:
        model = Task
        fields = ["id", "text", "done"]


@subscribable(group_key="list_id", check_permission=has_no_auth)
class NoAuthTaskSerializer(serializers.ModelSerializer):
    class Meta:
        model = Task
        fields = ["id", "text"]


class AuthedTodoListSerializer(serializers.ModelSerializer):
    tasks = AuthedTaskSerializer(many=True, read_only=True)

    class Meta:
        model = List
        fields = ["id", "name", "tasks"]


class NoAuthTodoListSerializer(serializers.ModelSerializer):
    tasks = NoAuthTaskSerializer(many=True, read_only=True)

    class Meta:
        model = List
        fields = ["id", "name", "tasks"]

"""Subscribe to groups: the tasks of a list."""

from django_livelog.decorators import subscribable
from rest_framework import serializers

from .models import Task


@subscribable(group_key="list_id")
class TaskSerializer(serializers.ModelSerializer):
    class Meta:
        model = Task
        fields = ["id", "text", "done"]

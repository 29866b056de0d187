"""Basic usage: single tasks."""

from django_livelog.decorators import subscribable
from rest_framework import serializers

from .models import Task


@subscribable()
class TaskSerializer(serializers.ModelSerializer):
    class Meta:
        model = Task
        fields = ["id", "text", "done"]

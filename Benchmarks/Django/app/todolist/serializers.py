"""What can be subscribed to. Which of the two packages says so is the only difference between the two apps."""

from django.conf import settings
from rest_framework import serializers

from .models import Task

if "rest_live" in settings.INSTALLED_APPS:
    from rest_live.decorators import subscribable
else:
    from django_livelog.decorators import subscribable


@subscribable(group_key="list_id")
class TaskSerializer(serializers.ModelSerializer):
    class Meta:
        model = Task
        fields = ["id", "text", "done"]

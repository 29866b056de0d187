"""The serializer whose model can be subscribed to, and the view by which the load publishes."""

import json

from django.http import HttpResponse
from django.urls import path
from load.models import Event
from rest_framework import serializers
from rest_live.decorators import subscribable


@subscribable("list_id")
class EventSerializer(serializers.ModelSerializer):
    class Meta:
        model = Event
        fields = ["id", "list_id", "data"]


def publish(request):
    """Creates the event of each line; django-rest-live broadcasts it before `create` returns."""
    for line in request.body.splitlines():
        event = json.loads(line)
        Event.objects.create(list_id=event["list_id"], data=event["data"])
    return HttpResponse()


urlpatterns = [path("publish", publish)]

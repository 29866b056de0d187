"""What Daphne serves: the consumer of django-rest-live by WebSocket, Django's view otherwise."""

import os

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
django.setup()

from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402 (needs Django to be set up)
from django.urls import path  # noqa: E402
from rest_live.consumers import SubscriptionConsumer  # noqa: E402
from todolist import urls  # noqa: E402, F401 (registers the serializer in this process)

application = ProtocolTypeRouter({"websocket": URLRouter([path("ws/subscribe/", SubscriptionConsumer)])})

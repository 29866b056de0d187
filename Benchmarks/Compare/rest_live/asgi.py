"""What Daphne serves: the consumer of django-rest-live by WebSocket, Django's views otherwise. Makes the table first."""

import os

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
django.setup()

from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402: needs Django to be set up
from django.core.management import call_command  # noqa: E402
from django.urls import path  # noqa: E402
from load import urls  # noqa: E402, F401: registers the serializer in this process
from rest_live.consumers import SubscriptionConsumer  # noqa: E402

call_command("migrate", run_syncdb=True, verbosity=0)

application = ProtocolTypeRouter({"websocket": URLRouter([path("api/ws/subscribe/", SubscriptionConsumer)])})

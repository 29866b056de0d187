"""The view by which the load is started: it saves one task in a loop, within the process that serves it."""

import time

from django.conf import settings
from django.http import HttpResponse
from django.urls import include, path

from . import serializers  # noqa: F401 (registers the serializer in this process)
from .models import List, Task


def save(request):
    """Saves the task with the texts `first` to `last`; answers with how long that took, in seconds."""
    numbers = range(int(request.GET["first"]), int(request.GET["last"]) + 1)
    tasks, _ = List.objects.get_or_create(id=1, defaults={"name": "load"})
    # Already there from the first number on, so that all that is measured are updates.
    task = Task.objects.filter(list=tasks).first() or Task(list=tasks)
    begin = time.monotonic()
    for number in numbers:
        task.text = f"{number} {'x' * 100}"
        task.save()
    return HttpResponse(str(time.monotonic() - begin))


urlpatterns = [path("save", save)]
if "django_livelog" in settings.INSTALLED_APPS:
    urlpatterns.append(path("livelog/", include("django_livelog.urls")))

"""The page, and the REST API by which it reads and writes. Nothing here knows of Livelog."""

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.csrf import ensure_csrf_cookie
from rest_framework import mixins, viewsets
from rest_framework.serializers import BaseSerializer

from .models import List, Task
from .serializers import (
    AuthedTaskSerializer,
    AuthedTodoListSerializer,
    NoAuthTaskSerializer,
    NoAuthTodoListSerializer,
)


@ensure_csrf_cookie
def page(request: HttpRequest) -> HttpResponse:
    """The page. Where its WebSocket is follows from the one setting."""
    socket_url = settings.LIVELOG["URL"].replace("http", "ws", 1) + "/ws/subscribe/"
    facts = {"socketUrl": socket_url, "canWrite": request.user.is_authenticated}
    return render(request, "todolist/page.html", {"facts": facts})


class ListViewSet(viewsets.ReadOnlyModelViewSet):
    """Lists with their tasks."""

    queryset = List.objects.order_by("id")

    def get_queryset(self) -> QuerySet:
        return super().get_queryset().prefetch_related("tasks")

    def get_serializer_class(self) -> type[BaseSerializer]:
        is_known = self.request.user.is_authenticated
        return AuthedTodoListSerializer if is_known else NoAuthTodoListSerializer


class TaskViewSet(mixins.CreateModelMixin, mixins.UpdateModelMixin, mixins.DestroyModelMixin, viewsets.GenericViewSet):
    """What can be done to the tasks of a list."""

    def get_queryset(self) -> QuerySet:
        return Task.objects.filter(list_id=self.kwargs["list_id"])

    def get_serializer_class(self) -> type[BaseSerializer]:
        return AuthedTaskSerializer if self.request.user.is_authenticated else NoAuthTaskSerializer

    def perform_create(self, serializer: BaseSerializer) -> None:
        serializer.save(list=get_object_or_404(List, pk=self.kwargs["list_id"]))

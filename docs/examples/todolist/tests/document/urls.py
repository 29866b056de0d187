"""The REST endpoint by which tests write, open to everybody: what is tested is who hears of it."""

from django.urls import include, path
from rest_framework import permissions, routers, serializers, viewsets

from todolist.models import Task


class WriteSerializer(serializers.ModelSerializer):
    class Meta:
        model = Task
        fields = ["id", "text", "done", "list"]


class TaskViewSet(viewsets.ModelViewSet):
    queryset = Task.objects.all()
    serializer_class = WriteSerializer
    authentication_classes = []
    permission_classes = [permissions.AllowAny]


router = routers.DefaultRouter()
router.register("tasks", TaskViewSet)
urlpatterns = [path("api/", include(router.urls)), path("livelog/", include("django_livelog.urls"))]

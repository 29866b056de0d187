"""The page and the REST API."""

from django.urls import include, path
from rest_framework.routers import DefaultRouter

from . import views

router = DefaultRouter()
router.register("lists", views.ListViewSet)
router.register(r"lists/(?P<list_id>\d+)/tasks", views.TaskViewSet, basename="task")

urlpatterns = [
    path("", views.page, name="page"),
    path("api/", include(router.urls)),
]

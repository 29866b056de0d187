from django.http import HttpResponse
from django.urls import include, path

urlpatterns = [
    path("livelog/", include("django_livelog.urls")),
    path("cards/<slug:slug>/", lambda request, slug: HttpResponse(), name="card"),
]

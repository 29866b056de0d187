from django.urls import include, path

urlpatterns = [path("livelog/", include("django_livelog.urls"))]

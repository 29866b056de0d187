"""`path("livelog/", include("django_livelog.urls"))`"""

from django.urls import path

from . import callbacks

urlpatterns = [path("connect", callbacks.connect), path("decide", callbacks.decide)]

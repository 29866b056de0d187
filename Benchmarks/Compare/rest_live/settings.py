"""A Django project with django-rest-live 0.2.2 as its documentation has it, and nothing that it does not need."""

import os

SECRET_KEY = "of a server on loopback, for a measurement"
ALLOWED_HOSTS = ["*"]
INSTALLED_APPS = ["channels", "rest_live", "load"]
# For the length of an answer, without which it comes in chunks.
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
ROOT_URLCONF = "load.urls"
# A file, so that what is published is stored; SQLite with Django's defaults syncs each change.
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ["LOAD_DATABASE"]}}
# The layer drops what does not fit a connection's queue, by default 100 events. Here nothing may be lost.
CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer", "CONFIG": {"capacity": 1_000_000}}}

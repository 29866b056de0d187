"""One app, with django-rest-live or with django-livelog: which, says LOAD_WITH; nothing that it does not need."""

import os

SECRET_KEY = "of a server on loopback, for a measurement"
ALLOWED_HOSTS = ["*"]
PACKAGE_APPS = {"rest_live": ["channels", "rest_live"], "django_livelog": ["django_livelog"]}[os.environ["LOAD_WITH"]]
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", *PACKAGE_APPS, "todolist"]
ROOT_URLCONF = "todolist.urls"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# A file, so that what is published is stored; SQLite with Django's defaults syncs each change.
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ["LOAD_DATABASE"]}}
# The layer drops what does not fit a connection's queue, by default 100 events. Here nothing may be lost.
CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer", "CONFIG": {"capacity": 1_000_000}}}
LIVELOG = {
    "URL": os.environ.get("LIVELOG_URL", ""),
    "KEY": os.environ.get("LIVELOG_KEY", ""),
    "SECRET": os.environ.get("LIVELOG_SECRET", ""),
}

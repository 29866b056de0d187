"""The project of the original document's examples."""

import os
from pathlib import Path

STATE = Path(os.environ["TODOLIST_STATE"])
SECRET_KEY = "of a server on loopback, for tests"
ALLOWED_HOSTS = ["*"]
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "rest_framework",
    "django_livelog",
    "todolist",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
ROOT_URLCONF = "urls"
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": STATE / "database.sqlite3"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
LIVELOG = {
    "URL": os.environ["LIVELOG_URL"],
    "KEY": (STATE / "livelog.key").read_text(),
    "SECRET": (STATE / "livelog.secret").read_text(),
}

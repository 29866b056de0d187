"""Settings of a to-do list on one machine, for development. What is of Livelog is at the end."""

import os
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent
# Database, keys and secrets; `run` makes it and puts them there.
STATE = Path(os.environ.get("TODOLIST_STATE", BASE_DIR / "state"))


def secret(name: str) -> str:
    """A secret that has a file of its own, so that it is in no environment and in no repository."""
    return (STATE / name).read_text(encoding="ascii").strip()


DEBUG = True
SECRET_KEY = secret("django.secret")
ALLOWED_HOSTS = ["127.0.0.1", "localhost"]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "rest_framework",
    "django_livelog",
    "todolist",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
            ]
        },
    }
]
ROOT_URLCONF = "example.urls"
DATABASES = {
    "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": STATE / "database.sqlite3"},
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
STATIC_URL = "static/"
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = LOGOUT_REDIRECT_URL = "page"

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticatedOrReadOnly"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
}

LIVELOG = {
    "URL": os.environ.get("LIVELOG_URL", "http://127.0.0.1:8080"),
    "KEY": secret("livelog.key"),
    "SECRET": secret("livelog.secret"),
}

"""Registers everything in every kind of process, not only in that which serves the sockets."""

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class LivelogConfig(AppConfig):
    name = "django_livelog"
    verbose_name = "Livelog"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from . import checks  # noqa: F401  (registers the system checks)

        # A worker that never imports the serializers would publish nothing of what it saves.
        autodiscover_modules("serializers", "live", "views")

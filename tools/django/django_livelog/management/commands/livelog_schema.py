from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.urls import NoReverseMatch

from django_livelog.schema import schema


class Command(BaseCommand):
    help = "Writes the Livelog server's configuration from what is registered."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--output", help="the file; the standard output without it")
        parser.add_argument("--django", help="where the server reaches Django: a URL")
        parser.add_argument("--check", action="store_true", help="fail if the file is another")

    def handle(
        self, *args: Any, output: str | None, check: bool, django: str | None, **options: Any
    ) -> None:
        try:
            text = schema(django)
        except NoReverseMatch:
            raise CommandError(
                'the URLs lack path("livelog/", include("django_livelog.urls"))'
            ) from None
        if check:
            if output is None:
                raise CommandError("--check needs --output FILE")
            path = Path(output)
            if not path.is_file() or path.read_text(encoding="utf-8") != text:
                raise CommandError(
                    f"{output} is not up to date: run livelog_schema --output {output}"
                )
        elif output:
            Path(output).write_text(text, encoding="utf-8")
        else:
            self.stdout.write(text, ending="")

"""Users and lists to begin with."""

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand

from todolist.models import List, Task

USERS = ["alice", "bob"]
LISTS = {
    "Groceries": [("Oats", True), ("Coffee beans", False), ("Pears", False)],
    "Flat": [("Water the plants", False), ("Mend the bicycle", False)],
}


class Command(BaseCommand):
    help = "Makes the users alice and bob, whose passwords are their names, and two lists, unless they are there."

    def handle(self, *args: object, **options: object) -> None:
        for name in USERS:
            if not User.objects.filter(username=name).exists():
                User.objects.create_user(name, password=name)
        for name, tasks in LISTS.items():
            found, is_new = List.objects.get_or_create(name=name)
            for text, is_done in tasks if is_new else []:
                Task.objects.create(list=found, text=text, done=is_done)

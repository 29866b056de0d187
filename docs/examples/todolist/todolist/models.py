"""Lists and their tasks."""

from django.db import models


class List(models.Model):
    name = models.CharField(max_length=64)

    def __str__(self) -> str:
        return self.name


class Task(models.Model):
    text = models.CharField(max_length=140)
    done = models.BooleanField(default=False)
    list = models.ForeignKey("List", on_delete=models.CASCADE, related_name="tasks")

    def __str__(self) -> str:
        return self.text

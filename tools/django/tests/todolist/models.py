from django.db import models

from django_livelog.managers import LiveManager


class List(models.Model):
    name = models.CharField(max_length=64)
    owner_id = models.IntegerField(null=True)


class Task(models.Model):
    text = models.CharField(max_length=140)
    done = models.BooleanField(default=False)
    due = models.DateTimeField(null=True)
    list = models.ForeignKey(List, on_delete=models.CASCADE)
    objects = LiveManager()


class Secret(models.Model):
    text = models.CharField(max_length=140)
    price = models.DecimalField(max_digits=6, decimal_places=2, default=0)
    list = models.ForeignKey(List, on_delete=models.CASCADE)


class Todo(models.Model):
    """The model of django-rest-live's own tests."""

    text = models.CharField(max_length=64)
    done = models.BooleanField(default=False)
    another_field = models.BooleanField(default=True)
    list = models.ForeignKey(List, on_delete=models.CASCADE)


class Card(models.Model):
    text = models.CharField(max_length=140)
    slug = models.SlugField(unique=True)
    archived = models.BooleanField(default=False)
    owner_id = models.IntegerField(null=True)
    list = models.ForeignKey(List, on_delete=models.CASCADE)
    objects = LiveManager()

from django.db import models


class Event(models.Model):
    list_id = models.IntegerField()
    data = models.TextField()

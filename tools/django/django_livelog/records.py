"""A row as a change of the log.

If a model has one serializer, and everybody may see it, the change's `instance` is what that
serializer gives. Otherwise the `instance` is every column of the row: no view of the schema shows
it, the server only gives it back to the decision callback, which makes a model instance of it.
What the serializers give is then in `views`, by the serializers' names.
"""

from __future__ import annotations

import json
from typing import Any

from django.db import models
from rest_framework.utils.encoders import JSONEncoder

from .registry import Registered

Change = dict  # what POST /v1/changes takes


def plain(value: Any) -> Any:
    """The value as it is in JSON: decimals, dates and UUIDs as REST framework writes them."""
    return json.loads(json.dumps(value, cls=JSONEncoder, allow_nan=False))


def columns(row: models.Model) -> dict[str, Any]:
    return {
        field.attname: field.value_to_string(row)
        if isinstance(field, (models.BinaryField, models.FileField))
        else getattr(row, field.attname)
        for field in row._meta.concrete_fields
    }


def change(entry: Registered, row: models.Model, action: str) -> Change:
    """The change, made at once: on commit the row in memory may be another, or without its key."""
    key = entry.model._meta.pk.attname
    groups = {name: getattr(row, name) for name in entry.groups}
    groups[key] = row.pk
    made: Change = {"model": entry.label, "action": action, "key": row.pk, "groups": groups}
    if entry.is_plain:
        made["instance"] = entry.render(next(iter(entry.views.values())), row)
    else:
        made["instance"] = columns(row)
        made["views"] = {view.name: entry.render(view, row) for view in entry.views.values()}
    return plain(made)


def gone(entry: Registered, row: models.Model) -> Change:
    """That a row is not shown any more, by its key alone: the rest is in the record before."""
    key = row.pk if isinstance(row.pk, (int, str)) else str(row.pk)
    shown = {entry.model._meta.pk.attname: key}
    return {"model": entry.label, "action": "DELETED", "key": key, "instance": shown}


def row_of(model: Any, instance: dict[str, Any]) -> models.Model:
    """An unsaved row from a record's `instance`, for a check. Relations are read when asked for."""
    row = model()
    for field in model._meta.concrete_fields:
        if field.attname in instance:
            value = instance[field.attname]
            setattr(row, field.attname, None if value is None else field.to_python(value))
    row._state.adding = False
    return row

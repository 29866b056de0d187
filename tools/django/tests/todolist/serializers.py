from rest_framework import permissions, serializers

from django_livelog.decorators import subscribable

from .models import List, Secret, Task


@subscribable()
@subscribable(group_key="list")
class TaskSerializer(serializers.ModelSerializer):
    class Meta:
        model = Task
        fields = ["id", "text", "done"]

    def validate_text(self, value):
        return value

    def to_representation(self, instance):
        if instance.text == "unserializable":
            raise ValueError("no")
        return super().to_representation(instance)


@subscribable(check_permission=permissions.AllowAny)
class ListSerializer(serializers.ModelSerializer):
    class Meta:
        model = List
        fields = ["id", "name"]


def owns(user, instance):
    if instance.text == "raises":
        raise ValueError("no")
    return instance.list.owner_id == user.pk


class MayRead(permissions.BasePermission):
    def has_object_permission(self, request, view, obj):
        return request.method == "GET" and request.user.is_authenticated and obj.text != "hidden"


@subscribable("list_id", owns)
class OwnerSerializer(serializers.ModelSerializer):
    class Meta:
        model = Secret
        fields = ["id", "text", "price"]


@subscribable("list_id", MayRead)
@subscribable("pk", permissions.IsAuthenticated)
class OtherSerializer(serializers.ModelSerializer):
    class Meta:
        model = Secret
        fields = ["id"]

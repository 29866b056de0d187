from django.db.models.functions import Length
from rest_framework import permissions, serializers, viewsets

from django_livelog.mixins import RealtimeMixin
from django_livelog.routers import RealtimeRouter

from .models import Card


class CardSerializer(serializers.ModelSerializer):
    text_length = serializers.IntegerField(read_only=True)
    url = serializers.HyperlinkedIdentityField(view_name="card", lookup_field="slug")

    class Meta:
        model = Card
        fields = ["id", "slug", "text", "list", "text_length", "url"]


class FullSerializer(serializers.ModelSerializer):
    class Meta:
        model = Card
        fields = ["id", "text", "owner_id"]


class ShortSerializer(serializers.ModelSerializer):
    class Meta:
        model = Card
        fields = ["id", "text"]


class OwnsCard(permissions.BasePermission):
    def has_permission(self, request, view):
        return view.kwargs["list"] is not None and view.action in ("list", "retrieve")

    def has_object_permission(self, request, view, obj):
        if obj.text == "raises":
            raise ValueError("no")
        return request.user.is_staff or obj.owner_id == request.user.pk


class CardView(RealtimeMixin, viewsets.ModelViewSet):
    queryset = Card.objects.filter(archived=False).annotate(text_length=Length("text"))
    serializer_class = CardSerializer
    lookup_field = "slug"


class PrivateCardView(viewsets.ModelViewSet, RealtimeMixin):
    queryset = Card.objects.all()
    permission_classes = [permissions.IsAuthenticated, OwnsCard]
    realtime_serializers = [(FullSerializer, permissions.IsAdminUser), (ShortSerializer, None)]
    realtime_groups = ["list", "owner_id"]

    def get_serializer_class(self):
        return FullSerializer if self.request.user.is_staff else ShortSerializer


router = RealtimeRouter()
router.register(CardView)
private = RealtimeRouter("private", public=False)
private.register_all([PrivateCardView])

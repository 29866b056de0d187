"""Realtime routers as clients of rest-live 2 see them: Django, a real server and real sockets."""

import json

import pytest
from django.contrib.auth.models import User
from websockets.exceptions import InvalidStatus

from django_livelog import sender
from tests.rest_live import Socket, serve, session_of
from tests.todolist.models import Card, List

SILENCE = 0.5  # seconds


@pytest.fixture
def live(tmp_path, settings, live_server):
    """A server with the schema as it is written, which asks Django."""
    settings.LIVELOG = {**settings.LIVELOG, "STYLE": "as_is"}
    server = serve(tmp_path, live_server.url)
    yield server
    assert sender.flush(10)
    server.stop()


class Page:
    def __init__(self, server, path="/ws/subscribe/", user=None):
        session = session_of(user) if user is not None else None
        self.socket = Socket(server, session, path).connection

    def subscribe(self, id, action="list", **members):
        frame = {"type": "subscribe", "id": id, "model": "todolist.Card", "action": action}
        self.socket.send(json.dumps({**frame, **members}))
        return self.settled()

    def settled(self):
        """What comes before the answer to something else: success itself is silent."""
        self.socket.send(json.dumps({"type": "unsubscribe", "id": "settled"}))
        found = []
        while (frame := self.next())["id"] != "settled":
            found.append(frame)
        return found

    def next(self):
        return json.loads(self.socket.recv(timeout=10))

    def soon(self):
        """What comes within a moment; None if nothing does."""
        try:
            return json.loads(self.socket.recv(timeout=SILENCE))
        except TimeoutError:
            return None

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.socket.close()


pytestmark = pytest.mark.django_db(transaction=True)


def test_list_and_retrieve_follow_the_queryset_and_the_lookup(live):
    list_ = List.objects.create(name="a")
    with Page(live) as page:
        assert page.subscribe(0) == []
        # Never shown: so neither its creation nor its end is told.
        hidden = Card.objects.create(text="no", slug="no", list=list_, archived=True)
        hidden.save()
        hidden.delete()
        card = Card.objects.create(text="hello", slug="s", list=list_)
        shown = {"id": card.pk, "slug": "s", "text": "hello", "list": list_.pk}
        shown |= {"text_length": 5, "url": "/cards/s/"}
        frame = {"type": "broadcast", "id": 0, "model": "todolist.Card", "action": "CREATED"}
        assert page.next() == {**frame, "instance": shown}
        assert page.subscribe(1, "retrieve", lookup_by="s") == []
        card.slug = "t"
        card.save()
        found = sorted((page.next() for _ in range(2)), key=lambda frame: frame["id"])
        assert [(f["id"], f["action"], f["instance"]["slug"]) for f in found] == [
            (0, "UPDATED", "t"),
            (1, "UPDATED", "t"),
        ]
        card.archived = True
        card.save()
        found = sorted((page.next() for _ in range(2)), key=lambda frame: frame["id"])
        assert [(f["action"], f["instance"]) for f in found] == [
            ("DELETED", {"slug": "t", "id": card.pk})
        ] * 2
        card.save()
        assert page.soon() is None
        card.archived = False
        card.save()
        assert page.next()["action"] == "CREATED"


def test_private_router_lets_in_who_is_logged_in_and_shows_what_each_may_see(live):
    owner = User.objects.create_user("owner")
    other = User.objects.create_user("other")
    staff = User.objects.create_user("staff", is_staff=True)
    with pytest.raises(InvalidStatus) as refused:
        Page(live, "/ws/private/")
    assert refused.value.response.status_code == 403
    list_ = List.objects.create(name="a")
    with (
        Page(live, "/ws/private/", owner) as own,
        Page(live, "/ws/private/", other) as others,
        Page(live, "/ws/private/", staff) as all_,
        Page(live) as nobody,
    ):
        for page in (own, others, all_):
            assert page.subscribe(0, view_kwargs={"list": list_.pk}) == []
        (error,) = nobody.subscribe(0, model="todolist.Card@private")
        assert error["code"] in (403, 404)
        card = Card.objects.create(text="x", slug="s", list=list_, owner_id=owner.pk)
        assert own.next()["instance"] == {"id": card.pk, "text": "x"}
        full = {"id": card.pk, "text": "x", "owner_id": owner.pk}
        assert all_.next()["instance"] == full
        key = card.pk
        card.delete()
        gone = own.next()
        assert (gone["action"], gone["instance"]) == ("DELETED", {"pk": key, "id": key})
        assert gone["model"] == "todolist.Card"
        assert others.soon() is None and nobody.soon() is None

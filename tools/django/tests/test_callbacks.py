import hmac
import json
import time

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.todolist.models import List

pytestmark = pytest.mark.django_db


def ask(path, body, secret="s" * 32, at=None, signature=None):
    text = json.dumps(body).encode()
    timestamp = str(int(time.time()) if at is None else at)
    made = hmac.new(secret.encode(), timestamp.encode() + b"." + text, "sha256").hexdigest()
    return Client(enforce_csrf_checks=True).generic(
        "POST",
        f"/livelog/{path}",
        text,
        "application/json",
        HTTP_LIVELOG_TIMESTAMP=timestamp,
        HTTP_LIVELOG_SIGNATURE=signature or f"v1={made}",
    )


def test_connect_knows_the_session():
    user = User.objects.create_user("ann", is_staff=True)
    client = Client()
    client.force_login(user)
    cookies = {"sessionid": client.cookies["sessionid"].value}
    answer = ask("connect", {"cookies": cookies}).json()
    assert answer == {"subject": str(user.pk), "claims": {}, "scopes": [], "staff": True}
    User.objects.update(is_active=False)
    assert ask("connect", {"cookies": cookies}).json() == {"subject": None}
    assert ask("connect", {"cookies": {"sessionid": "wrong"}}).json() == {"subject": None}


@pytest.mark.parametrize(
    "change",
    [{"secret": "t" * 32}, {"at": time.time() // 1 - 3600}, {"at": "x"}, {"signature": "v1=é"}],
)
@pytest.mark.parametrize("path", ["connect", "decide"])
def test_what_is_not_signed_freshly_is_refused(path, change):
    assert ask(path, {"cookies": {}}, **change).status_code == 403


def test_too_large_or_malformed_is_refused():
    assert ask("connect", {"cookies": {"a": "x" * 70000}}).status_code == 413
    assert ask("connect", []).status_code == 400
    assert Client().get("/livelog/decide").status_code == 405


def decision(name, users, records, pairs):
    principals = [{"subject": u, "claims": {}, "scopes": [], "staff": False} for u in users]
    asked = [
        {"model": "todolist.Secret", "key": r["id"], "offset": 1, "instance": r} for r in records
    ]
    return {"ask": name, "principals": principals, "records": asked, "pairs": pairs}


def test_decide_answers_each_pair_also_without_the_row(django_assert_num_queries):
    ann, ben = User.objects.create_user("ann"), User.objects.create_user("ben")
    list_ = List.objects.create(name="a", owner_id=ann.pk)
    records = [
        {"id": 1, "text": "x", "price": "1.50", "list_id": list_.pk},
        {"id": 2, "text": "raises", "price": "1.50", "list_id": list_.pk},
    ]
    users = [str(ann.pk), str(ben.pk), None, "of another issuer"]
    pairs = [[0, 0], [1, 0], [2, 0], [3, 0], [0, 1]]
    body = decision("OwnerSerializer.list_id", users, records, pairs)
    assert ask("decide", body).json() == {"allowed": [True, False, False, False, False]}
    body = decision("OtherSerializer.list_id", users[:3], records, [[0, 0], [2, 0]])
    with django_assert_num_queries(1):
        assert ask("decide", body).json() == {"allowed": [True, False]}


def test_unknown_check_is_a_no_and_too_many_pairs_are_refused():
    assert ask("decide", decision("No.pk", [None], [{"id": 1}], [[0, 0]])).json() == {
        "allowed": [False]
    }
    body = decision("No.pk", [None], [{"id": 1}], [[0, 0]] * 257)
    assert ask("decide", body).status_code == 413

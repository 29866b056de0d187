"""What the server asks: whose cookies these are, and who may see what."""

from __future__ import annotations

import hmac
import json
import logging
import time
from typing import Any, Callable

from django.contrib.auth import get_user_model
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.exceptions import RequestDataTooBig, ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from .checks import SECRET_MINIMUM
from .conf import config
from .permissions import allows
from .records import row_of
from .registry import ALL_OF, MODELS

log = logging.getLogger("django_livelog")

FRESH = 60  # seconds that a timestamp may be away
CONNECT_BYTES = 64 << 10
DECIDE_BYTES = 2 << 20
PAIRS = 256


def signed(limit: int) -> Callable[[Callable[[Any], HttpResponse]], Any]:
    """Gives the view the body's JSON, if the server has signed it within the last minute."""

    def decorate(view: Callable[[Any], HttpResponse]) -> Any:
        @csrf_exempt
        def checked(request: HttpRequest) -> HttpResponse:
            if request.method != "POST":
                return HttpResponse(status=405, headers={"Allow": "POST"})
            try:
                if int(request.META.get("CONTENT_LENGTH") or 0) > limit:
                    return HttpResponse(status=413)
                body = request.body
            except (ValueError, RequestDataTooBig):
                return HttpResponse(status=413)
            if len(body) > limit:
                return HttpResponse(status=413)
            if not is_signed(request, body):
                return HttpResponse(status=403)
            try:
                return view(json.loads(body))
            except (ValueError, KeyError, TypeError, IndexError, AttributeError):
                return HttpResponse(status=400)

        return checked

    return decorate


def is_signed(request: HttpRequest, body: bytes) -> bool:
    secret = config().SECRET.encode()
    timestamp = request.headers.get("Livelog-Timestamp", "")
    given = request.headers.get("Livelog-Signature", "")
    if len(secret) < SECRET_MINIMUM or len(timestamp) > 12:
        return False
    if not (timestamp.isascii() and timestamp.isdigit()):
        return False
    expected = "v1=" + hmac.new(secret, timestamp.encode() + b"." + body, "sha256").hexdigest()
    same = hmac.compare_digest(expected.encode(), given.encode(errors="replace"))
    return same and abs(time.time() - int(timestamp)) <= FRESH


def _no_response(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


@signed(CONNECT_BYTES)
def connect(asked: Any) -> HttpResponse:
    """Loads the session as Django's own middleware does, and says whose it is."""
    request = HttpRequest()
    request.COOKIES = {str(name): str(value) for name, value in asked["cookies"].items()}
    SessionMiddleware(_no_response).process_request(request)
    AuthenticationMiddleware(_no_response).process_request(request)
    user: Any = request.user
    if not user.is_authenticated:
        return JsonResponse({"subject": None})
    staff = bool(getattr(user, "is_staff", False))
    return JsonResponse({"subject": str(user.pk), "claims": {}, "scopes": [], "staff": staff})


def users_of(principals: list[Any]) -> list[Any]:
    """Their users, by one query. Who is not there, or not active, is nobody in particular."""
    model = get_user_model()
    keys: dict[str, Any] = {}
    for principal in principals:
        subject = principal["subject"]
        if subject is not None:
            try:
                keys[subject] = model._meta.pk.to_python(subject)
            except ValidationError:
                continue  # a subject of another issuer
    found = model._default_manager.in_bulk(list(set(keys.values()))) if keys else {}
    users = []
    for principal in principals:
        user: Any = found.get(keys.get(principal["subject"]))
        active = user is not None and getattr(user, "is_active", True)
        users.append(user if active else AnonymousUser())
    return users


@signed(DECIDE_BYTES)
def decide(asked: Any) -> HttpResponse:
    """Answers for each pair. A check that raises is a no.

    Rows are always made of the record's own `instance`, never read: so the answer is about that
    record, also if the row has changed since, or is gone.
    """
    pairs = asked["pairs"]
    if len(pairs) > PAIRS:
        return HttpResponse(status=413)
    users = users_of(asked["principals"])
    records = asked["records"]
    allowed = []
    for who, what in pairs:
        user, record = users[who], records[what]
        try:
            entry = MODELS[record["model"]]
            row = row_of(entry.model, record["instance"])
            checks = [entry.check(name) for name in asked["ask"].split(ALL_OF)]
            allowed.append(all(allows(check, user, row) for check in checks))
        except Exception:
            log.exception("the check %s of %s failed: a no", asked["ask"], record.get("model"))
            allowed.append(False)
    return JsonResponse({"allowed": allowed})

"""A draft on the site by a signed link: the page as it would be, for whoever has the link, for three days, and nowhere else.

The page is made from the stored rows with the draft published in a transaction that is rolled back: it is the page itself.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from urllib.parse import urlencode

from django.core import signing
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse

from comparisons.models import LanguageModel, Offer, Score, Status

DAYS = 3
SALT = "preview"
TABLES = {table._meta.model_name: table for table in (LanguageModel, Score, Offer)}
View = Callable[..., HttpResponse]
Draft = LanguageModel | Score | Offer


def link(row: Draft) -> str:
    """The address at which a draft can be looked at from now on for three days."""
    model = row if isinstance(row, LanguageModel) else row.model
    token = signing.dumps([row._meta.model_name, row.pk], salt=SALT)
    return f"{model.get_absolute_url()}?{urlencode({'preview': token})}"


def draft_of(token: str) -> Draft | None:
    """The draft of a token; None where the token is not ours or too old, or the row is no draft any more."""
    try:
        name, pk = signing.loads(token, salt=SALT, max_age=DAYS * 86_400)
        table = TABLES[name]
    except (signing.BadSignature, ValueError, LookupError):
        return None
    related = [None] if table is LanguageModel else ["model"]
    return table.objects.filter(pk=pk, status=Status.DRAFT).select_related(*related).first()


def previewable(view: View) -> View:
    """A page about named models that shows the draft of `?preview=` to whoever has its link; to all others it is as it is."""

    @wraps(view)
    def respond(request: HttpRequest, *args, **kwargs) -> HttpResponse:
        token = request.GET.get("preview", "")
        draft = draft_of(token) if token and request.method in ("GET", "HEAD") and not kwargs.get("twin") else None
        model = draft if isinstance(draft, LanguageModel) else draft and draft.model
        if model is None or model.slug not in request.path.strip("/").split("/")[-1].split("-vs-"):
            return view(request, *args, **kwargs)
        try:
            with transaction.atomic():
                publish(draft, model)
                request.preview_days = DAYS
                response = view(request, *args, **kwargs)
                transaction.set_rollback(True)
        except IntegrityError:  # a current offer of the same host stands in the way
            return view(request, *args, **kwargs)
        return hidden(response)

    return respond


def publish(draft: Draft, model: LanguageModel) -> None:
    type(draft).objects.filter(pk=draft.pk).update(status=Status.PUBLISHED)
    if model.status == Status.DRAFT:
        LanguageModel.objects.filter(pk=model.pk).update(status=Status.PUBLISHED)


def hidden(response: HttpResponse) -> HttpResponse:
    """Kept by no cache, found by no search engine, and its address told to no source that it links to."""
    del response.headers["ETag"]
    response.headers["Cache-Control"] = "no-store, private"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response

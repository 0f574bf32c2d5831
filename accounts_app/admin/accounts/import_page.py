"""“Import accounts”: pasted text or files, imported in batches, with a result for every line.

The text stays in the browser between batches, each of which is a request that says how many entries are done. So no
secret is kept in between, every node can take the next batch, and what a closed tab leaves undone is done by importing
the same file again: accounts that are here already are left alone.
"""

import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import chain, islice
from typing import Any

import msgspec
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST
from unfold.admin import ModelAdmin

from accounts_app.actions import import_formats, importing
from accounts_app.actions.import_formats import ImportEntry
from accounts_app.actions.importing import Imported, Result
from accounts_app.models import Account
from accounts_app.status.translate import translated

# One batch: short enough for a progress bar that moves, long enough to be worth reading the file again.
BATCH_SECONDS = 0.7

LABELS = {
    Result.ADDED: gettext_lazy("added"),
    Result.UPDATED: gettext_lazy("new token stored"),
    Result.KNOWN: gettext_lazy("already here"),
    Result.REFUSED: gettext_lazy("rejected"),
}


class Source(msgspec.Struct):
    """One file, or what was pasted (without a name)."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Line:
    """The result of one entry, as the page shows it."""

    place: str
    name: str
    result: str
    words: str
    why: str


def urls(page: ModelAdmin) -> list[URLPattern]:
    bit = page.admin_site.admin_view(partial(import_batch, page=page))
    return [path("import/bit/", bit, name="accounts_app_account_import_bit")]


def take_in(request: HttpRequest, page: ModelAdmin) -> HttpResponse:
    """The form. Without JavaScript its POST imports everything at once and shows the results."""
    _check_rights(page, request)
    lines: list[Line] = []
    if request.method == "POST":
        sources, trouble = _uploaded(request)
        for each in trouble:
            messages.error(request, each)
        entries = _entries(sources)
        if not entries and not trouble:
            messages.warning(request, _("There is no account in this."))
        with importing.asking_google() as identify:
            lines = [_line(page, request, each) for each in importing.import_all(entries, identify)]
    results = Counter(line.result for line in lines)
    context = {
        **page.admin_site.each_context(request),
        "opts": page.opts,
        "title": _("Import accounts"),
        "lines": lines,
        "counts": [(result.name.lower(), words, results[result.name.lower()]) for result, words in LABELS.items()],
    }
    return TemplateResponse(request, "console/import.html", context)


@require_POST
def import_batch(request: HttpRequest, page: ModelAdmin) -> HttpResponse:
    """Imports entries from number `skip` on, for BATCH_SECONDS; `ask` is 0 once Google was found not to answer."""
    _check_rights(page, request)
    try:
        sources = msgspec.json.decode(request.POST.get("sources", ""), type=list[Source])
        skip = int(request.POST.get("skip", "0"))
    except (msgspec.DecodeError, ValueError, RecursionError):
        return JsonResponse({"trouble": _("The page sent something that cannot be read.")}, status=400)
    entries = _entries(sources)
    began, lines = time.monotonic(), []
    with importing.asking_google(request.POST.get("ask") != "0") as identify:
        for imported in importing.import_all(islice(entries, max(skip, 0), None), identify):
            lines.append(_line(page, request, imported))
            if time.monotonic() - began > BATCH_SECONDS:
                break
    told = [{name: getattr(line, name) for name in Line.__slots__} for line in lines]
    return JsonResponse({"lines": told, "total": len(entries), "ask": int(identify.reachable)})


def _check_rights(page: ModelAdmin, request: HttpRequest) -> None:
    """A file may hold new tokens for accounts that are here."""
    if not (page.has_add_permission(request) and page.has_change_permission(request)):
        raise PermissionDenied


def _uploaded(request: HttpRequest) -> tuple[list[Source], list[str]]:
    """What was pasted and the files, and what is wrong with those that are no text."""
    sources, trouble = [Source("", request.POST.get("text", ""))], []
    for file in request.FILES.getlist("files"):
        name = str(file.name)
        try:
            sources.append(Source(name, file.read().decode()))
        except UnicodeDecodeError:
            trouble.append(_("%(name)s is not text.") % {"name": name})
    return sources, trouble


def _entries(sources: Iterable[Source]) -> list[ImportEntry]:
    found = chain.from_iterable(_read(source) for source in sources if source.text.strip())
    return import_formats.with_distinct_labels(found)


def _read(source: Source) -> Iterator[ImportEntry]:
    entries = import_formats.read(source.text)
    return import_formats.placed(source.name[:100], entries) if source.name else entries


def _line(page: ModelAdmin, request: HttpRequest, imported: Imported) -> Line:
    """The line for the page; an account that was stored is also logged."""
    if imported.account_id is not None:
        account: Any = Account.objects.get(pk=imported.account_id)
        if imported.result is Result.ADDED:
            page.log_addition(request, account, _("Imported."))
        else:
            page.log_change(request, account, _("Imported: a new token, and back in service."))
    return Line(
        imported.place,
        imported.name,
        imported.result.name.lower(),
        str(LABELS[imported.result]),
        translated(imported.why),
    )

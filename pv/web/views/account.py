"""Log-in and log-out, the language, and the organisation one works for."""

from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.contrib.auth import login, logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render, resolve_url
from django.utils.translation import activate, check_for_language, get_language
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from pv.accounts.context import acting_as
from pv.accounts.models import User
from pv.accounts.services import choose_language
from pv.core.errors import NotFound
from pv.web.forms.account import LoginForm
from pv.web.http import PortalRequest, as_portal, page, safe_next

CHOSEN = "language_chosen"


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def log_in(request: HttpRequest) -> HttpResponse:
    """The page before all others. It leads back to the page that asked for it."""
    asked_for = request.POST.get("next") or request.GET.get("next", "")
    if as_portal(request) is not None and request.method != "POST":
        return HttpResponseRedirect(safe_next(request, asked_for))
    form = LoginForm(request.POST or None, request=request)
    if request.method == "POST" and form.is_valid() and form.person:
        _enter(request, form.person)
        return HttpResponseRedirect(safe_next(request, asked_for))
    context = {
        "form": form,
        "next_page": safe_next(request, asked_for) if asked_for else "",
        "demo_people": _demo_people() if settings.DEMO else [],
    }
    return render(request, "web/login.html", context, status=422 if form.errors else 200)


def _enter(request: HttpRequest, person: User) -> None:
    """A new session key; a language chosen before the log-in becomes the person's own."""
    chosen = request.session.get(CHOSEN)
    login(request, person)
    if chosen and chosen != person.language:
        with acting_as(person):
            choose_language(user=person, language=chosen)


@dataclass(frozen=True, slots=True)
class DemoGroup:
    title: str
    people: list[User]


def _demo_people() -> list[DemoGroup]:
    """The made-up people by the domain of their address, the largest house first."""
    groups: dict[str, list[User]] = {}
    for one in User.objects.filter(is_demo=True, is_active=True).order_by("email"):
        groups.setdefault(one.email.rpartition("@")[2], []).append(one)
    ordered = sorted(groups.items(), key=lambda group: (-len(group[1]), group[0]))
    return [DemoGroup(domain, people) for domain, people in ordered]


@require_POST
def log_out(request: HttpRequest) -> HttpResponse:
    """End the session; the language stays."""
    language = get_language() or settings.LANGUAGE_CODE
    logout(request)
    return _remember(HttpResponseRedirect(resolve_url(settings.LOGOUT_REDIRECT_URL)), language)


@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Change the language: for good for a person, by a cookie before the log-in."""
    wanted = request.POST.get("language", "")
    response = HttpResponseRedirect(safe_next(request, request.POST.get("next", "")))
    if wanted not in dict(settings.LANGUAGES) or not check_for_language(wanted):
        return response
    signed_in = as_portal(request)
    if signed_in is not None:
        choose_language(user=signed_in.user, language=wanted)
    else:
        request.session[CHOSEN] = wanted
    activate(wanted)
    return _remember(response, wanted)


def _remember(response: HttpResponse, wanted: str) -> HttpResponse:
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        wanted,
        max_age=365 * 24 * 3600,
        secure=settings.LANGUAGE_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return response


@page("", methods=("POST",))
def organisation(request: PortalRequest) -> HttpResponse:
    """Choose the organisation one writes for, among one's own."""
    try:
        wanted = UUID(request.POST.get("organisation", ""))
    except ValueError:
        raise NotFound("There is no such organisation.") from None
    if wanted not in request.access.roles:
        raise NotFound("There is no such organisation.")
    request.session["organisation"] = str(wanted)
    return HttpResponseRedirect(safe_next(request, request.POST.get("next", "")))

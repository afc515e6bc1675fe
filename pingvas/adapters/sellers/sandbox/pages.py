"""The sandbox's pages for browsers: the checkout, and what somebody may do with a subscription."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from pingvas.adapters.sellers.sandbox.catalogue import OFFERS, find_offer
from pingvas.adapters.sellers.sandbox.invoices import INVOICES, refund
from pingvas.adapters.sellers.sandbox.passing_time import happen
from pingvas.adapters.sellers.sandbox.purchases import (
    CHECKOUTS,
    SUBSCRIPTIONS,
    TRIAL_DAYS,
    How,
    is_open,
    pay,
)
from pingvas.adapters.sellers.sandbox.state import Sandbox
from pingvas.adapters.sellers.sandbox.store import Resource, written
from pingvas.adapters.sellers.sandbox.subscriptions import cancel, change_card, change_plan, resume
from pingvas.adapters.sellers.sandbox.templates import STYLE, render
from pingvas.adapters.sellers.sandbox.words import WORDS, language_of

_HOW: Mapping[str, How] = {"pay": "pay", "trial": "trial", "decline": "decline"}
_MAX_FORM = 16 * 1024


class Pages:
    """`wake` is called when something has happened that others are told of."""

    def __init__(self, sandbox: Sandbox, wake: Callable[[], None]) -> None:
        self._sandbox = sandbox
        self._wake = wake
        self._base = urlsplit(sandbox.url).path

    def routes(self) -> Sequence[BaseRoute]:
        return [
            Route("/", self._welcome),
            Route("/style.css", self._style),
            Route("/checkout/{id}", self._checkout, methods=["GET", "POST"]),
            Route("/billing/{id}", self._billing, methods=["GET", "POST"]),
            Route("/billing/{id}/{part}", self._billing, methods=["GET", "POST"]),
        ]

    async def _welcome(self, request: Request) -> Response:
        language = language_of(request.headers.get("accept-language", ""))
        return self._message(language, WORDS[language]["no_money"])

    async def _style(self, request: Request) -> Response:
        return Response(STYLE, media_type="text/css", headers={"X-Content-Type-Options": "nosniff"})

    async def _checkout(self, request: Request) -> Response:
        form = await _form(request)
        with self._sandbox.store.transaction():
            answer = self._show_checkout(request, form)
        self._wake()
        return answer

    def _show_checkout(self, request: Request, form: FormData | None) -> Response:
        checkout = self._sandbox.store.find(CHECKOUTS, request.path_params["id"])
        offer = None if checkout is None else find_offer(checkout["variant_id"])
        if checkout is None or offer is None:
            language = language_of(request.headers.get("accept-language", ""))
            return self._message(language, WORDS[language]["not_found"], status=404)
        language, back = checkout.hidden["language"], checkout.hidden["redirect_url"]
        words = WORDS[language]
        if checkout.hidden["order_id"] is not None:
            return self._message(language, words["was_paid"], back=back)
        if not is_open(self._sandbox, checkout):
            return self._message(language, words["over"], back=back, status=410)
        declined = False
        if form is not None:
            email, how = _text(form, "email"), _HOW.get(_text(form, "how"))
            if how is not None and "@" in email[1:-1]:
                order = pay(self._sandbox, checkout, offer, how, email)
                if order is not None:
                    return (
                        self._message(language, words["was_paid"])
                        if back is None
                        else RedirectResponse(back, 303, {"Referrer-Policy": "no-referrer"})
                    )
                declined = True
        return self._page(
            "checkout",
            language,
            back=back,
            offer=offer,
            price=f"${offer.price / 100:,.2f}",
            email=checkout.hidden["email"],
            declined=declined,
            trial_days=TRIAL_DAYS,
        )

    async def _billing(self, request: Request) -> Response:
        id, language = request.path_params["id"], language_of(request.headers.get("accept-language", ""))
        query = request.query_params
        if not self._sandbox.may_see(id, query.get("expires", ""), query.get("signature", "")):
            return self._message(language, WORDS[language]["link_over"], status=403)
        form = await _form(request)
        with self._sandbox.store.transaction():
            subscription = self._sandbox.store.find(SUBSCRIPTIONS, id)
            if subscription is None:
                return self._message(language, WORDS[language]["not_found"], status=404)
            if form is not None:
                self._do(subscription, form)
                answer: Response = RedirectResponse(
                    f"{self._base}{request.url.path}?{request.url.query}", 303
                )
            else:
                answer = self._show_billing(subscription, language)
        self._wake()
        return answer

    def _do(self, subscription: Resource, form: FormData) -> None:
        sandbox, what = self._sandbox, _text(form, "do")
        if what == "cancel":
            cancel(sandbox, subscription)
        elif what == "resume":
            resume(sandbox, subscription)
        elif what in ("card_works", "card_fails"):
            change_card(sandbox, subscription, works=what == "card_works")
        elif what == "change" and subscription["status"] != "expired":
            asked = _text(form, "variant_id")
            offer = (
                find_offer(int(asked)) if asked.isascii() and asked.isdecimal() and len(asked) < 10 else None
            )
            if offer is not None:
                change_plan(sandbox, subscription, offer, invoice_now=True, without_proration=False)
        elif what == "refund":
            invoice = sandbox.store.find(INVOICES, _text(form, "invoice"))
            if invoice is not None and invoice["subscription_id"] == int(subscription.id):
                refund(sandbox, invoice, sandbox.store.now(), None)
        elif what in ("day", "month"):
            move_ahead(sandbox, timedelta(days=1 if what == "day" else 31))

    def _show_billing(self, subscription: Resource, language: str) -> Response:
        store = self._sandbox.store
        mine = [each for each in store.all(INVOICES) if each["subscription_id"] == int(subscription.id)]
        return self._page(
            "billing",
            language,
            subscription=subscription,
            offer=find_offer(subscription["variant_id"]),
            offers=[offer for offer in OFFERS if offer.interval is not None],
            invoices=mine,
            now=written(store.now()),
        )

    def _message(
        self, language: str, message: str, *, back: str | None = None, status: int = 200
    ) -> Response:
        return self._page("message", language, status=status, message=message, back=back)

    def _page(
        self, template: str, language: str, *, back: str | None = None, status: int = 200, **values: Any
    ) -> Response:
        # After a form, browsers hold the address that they are sent on to against the policy too.
        onwards = "" if back is None else f" {'{0.scheme}://{0.netloc}'.format(urlsplit(back))}"
        policy = f"default-src 'none'; style-src 'self'; form-action 'self'{onwards}; frame-ancestors 'none'; base-uri 'none'"
        headers = {
            "Content-Security-Policy": policy,
            "Cache-Control": "no-store",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
        }
        text = render(template, language, self._base, back=back, **values)
        return HTMLResponse(text, status, headers)


def move_ahead(sandbox: Sandbox, by: timedelta) -> int:
    """Move the sandbox's time; how much has happened on the way."""
    until = sandbox.store.now() + by
    sandbox.store.move_to(until)
    return happen(sandbox, until)


async def _form(request: Request) -> FormData | None:
    """What was sent; None where the page is only looked at."""
    if request.method != "POST":
        return None
    if int(request.headers.get("content-length") or 0) > _MAX_FORM:
        return FormData()
    return await request.form(max_files=0, max_fields=20, max_part_size=_MAX_FORM)


def _text(form: FormData, name: str) -> str:
    value = form.get(name)
    return value.strip()[:254] if isinstance(value, str) else ""

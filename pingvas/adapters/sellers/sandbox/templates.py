"""The sandbox's pages as HTML. Everything that is filled in is escaped."""

from typing import Any

from jinja2 import DictLoader, Environment, StrictUndefined

from pingvas.adapters.sellers.sandbox.words import WORDS

STYLE = """
:root { color-scheme: light dark; --line: #8886; --warn: #b45309; }
body { margin: 0; font: 16px/1.5 system-ui, "Noto Sans KR", sans-serif; }
.sandbox { padding: .75rem 1rem; text-align: center; font-weight: 600; color: #fff; background: var(--warn);
  background-image: repeating-linear-gradient(45deg, #0000 0 12px, #0003 12px 24px); }
main { max-width: 34rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
form { display: flex; flex-wrap: wrap; gap: .5rem; } form.all { display: grid; gap: .75rem; }
label { display: grid; gap: .25rem; }
input, button, select { font: inherit; padding: .5rem .75rem; border: 1px solid var(--line); border-radius: .4rem; }
button { cursor: pointer; } button.first { font-weight: 600; }
table { border-collapse: collapse; width: 100%; } td, th { text-align: start; padding: .35rem .5rem .35rem 0; }
tr + tr { border-top: 1px solid var(--line); } .day { white-space: nowrap; } .price { font-size: 1.4rem; } .problem { color: #dc2626; font-weight: 600; }
"""

_TEMPLATES = {
    "page": """<!doctype html>
<html lang="{{ language }}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="robots" content="noindex"><title>{{ words.sandbox }}</title>
<link rel="stylesheet" href="{{ base }}/style.css"></head>
<body><div class="sandbox" role="note">{{ words.no_money }}</div><main>{% block main %}{% endblock %}</main></body></html>""",
    "message": """{% extends "page" %}{% block main %}<h1>{{ words.sandbox }}</h1><p>{{ message }}</p>
{% if back %}<p><a href="{{ back }}">{{ words.back }}</a></p>{% endif %}{% endblock %}""",
    "checkout": """{% extends "page" %}{% block main %}<h1>{{ words.checkout }}</h1>
<p>{{ offer.title }}<br><span class="price">{{ price }}</span> {{ words[offer.interval or "once"] }}</p>
{% if declined %}<p class="problem" role="alert">{{ words.declined }}</p>{% endif %}
<form class="all" method="post">
<label>{{ words.email }}<input name="email" type="email" required maxlength="254" value="{{ email or "" }}"></label>
<button class="first" name="how" value="pay">{{ words.pay }}</button>
{% if offer.interval %}<button name="how" value="trial">{{ words.trial.format(days=trial_days) }}</button>{% endif %}
<button name="how" value="decline">{{ words.decline }}</button>
</form>{% if back %}<p><a href="{{ back }}">{{ words.back }}</a></p>{% endif %}{% endblock %}""",
    "billing": """{% extends "page" %}{% block main %}<h1>{{ words.subscription }}: {{ offer.title }}</h1>
<table>
<tr><th>{{ words.status }}</th><td>{{ words[subscription["status"]] }}</td></tr>
<tr><th>{{ words.renews }}</th><td>{{ subscription["renews_at"] | minute }}</td></tr>
{% if subscription["ends_at"] %}<tr><th>{{ words.ends }}</th><td>{{ subscription["ends_at"] | minute }}</td></tr>{% endif %}
<tr><th>{{ words.card }}</th><td>{{ subscription["card_brand"] }} {{ subscription["card_last_four"] }}</td></tr>
</table>
<form method="post">
{% if subscription["status"] == "cancelled" %}<button name="do" value="resume">{{ words.resume }}</button>
{% elif subscription["status"] != "expired" %}<button name="do" value="cancel">{{ words.cancel }}</button>{% endif %}
<button name="do" value="card_works">{{ words.card_works }}</button>
<button name="do" value="card_fails">{{ words.card_fails }}</button>
</form>
{% if subscription["status"] != "expired" %}<h2>{{ words.another_plan }}</h2>
<form method="post"><select name="variant_id" aria-label="{{ words.another_plan }}">{% for each in offers %}
<option value="{{ each.variant_id }}"{% if each.variant_id == offer.variant_id %} selected{% endif %}>
{{ each.title }}: ${{ each.price // 100 }} {{ words[each.interval] }}</option>{% endfor %}</select>
<button name="do" value="change">{{ words.change }}</button></form>{% endif %}
<h2>{{ words.invoices }}</h2>
<table>{% for each in invoices %}<tr><td class="day">{{ each["created_at"][:10] }}</td><td>{{ each["total_formatted"] }}</td>
<td>{{ words[each["status"]] }}</td><td>
{% if each["status"] in ("paid", "partial_refund") %}<form method="post"><input type="hidden" name="invoice" value="{{ each.id }}">
<button name="do" value="refund">{{ words.refund }}</button></form>{% endif %}</td></tr>{% endfor %}</table>
<h2>{{ words.time }}</h2><p>{{ now | minute }}</p><p>{{ words.ahead }}</p>
<form method="post"><button name="do" value="day">{{ words.day }}</button>
<button name="do" value="month">{{ words.month_ahead }}</button></form>{% endblock %}""",
}
_ENVIRONMENT = Environment(
    loader=DictLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True
)
_ENVIRONMENT.filters["minute"] = lambda moment: f"{moment[:16].replace('T', ' ')} UTC"


def render(template: str, language: str, base: str, **values: Any) -> str:
    """A page. `base` is the path that the sandbox lies below."""
    return _ENVIRONMENT.get_template(template).render(
        language=language, words=WORDS[language], base=base, **values
    )

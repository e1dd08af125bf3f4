"""Filters of the pages of staff: how dollars are written, and a value by its name."""

from django import template

from apps.catalog.money import format_usd

register = template.Library()


@register.filter
def dollars(microusd: int) -> str:
    """Write micro-dollars for people: ``$0.032``, with a real minus sign."""
    sign = "−" if microusd < 0 else ""
    return f"{sign}${format_usd(abs(microusd))}"


@register.filter
def at(values: dict[str, str], name: str) -> str:
    """The value of this name; nothing where there is none."""
    return values.get(name, "")

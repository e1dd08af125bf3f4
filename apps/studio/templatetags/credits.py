"""How an amount is written on a page."""

from django import template

from apps.ledger.amounts import format_credits

register = template.Library()


@register.filter
def credits(amount_mc: int) -> str:
    """Write millicredits for people: ``1,284 cr``, with a real minus sign."""
    return f"{format_credits(amount_mc).replace('-', '−')} cr"

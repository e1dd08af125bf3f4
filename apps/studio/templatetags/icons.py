"""Pictures from our own sprite."""

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()

_SPRITE = "studio/img/icons.svg"


@register.simple_tag
def icon(name: str) -> SafeString:
    """Draw an icon in the text's color. It says nothing to a screen reader: the words beside it do."""
    return format_html('<svg class="i" aria-hidden="true"><use href="{}#i-{}"/></svg>', static(_SPRITE), name)


@register.simple_tag
def glyph(stage: str) -> SafeString:
    """Draw the shape of a stage."""
    return format_html('<svg class="g" aria-hidden="true"><use href="{}#g-{}"/></svg>', static(_SPRITE), stage)


@register.simple_tag
def mark(name: str = "mark") -> SafeString:
    """Draw the easel: ``mark``, or ``mark-line`` where there is nothing yet."""
    return format_html('<svg class="mark" aria-hidden="true"><use href="{}#{}"/></svg>', static(_SPRITE), name)

"""The mock's edits of a caller's picture that must keep something of it: within a mask, and cut out."""

from PIL import Image, ImageDraw

from apps.providers.mock_picture import draw, mark
from apps.providers.pictures import flatten


def paint_in(still: Image.Image, mask: Image.Image, *, text: str, numbers_from: str) -> Image.Image:
    """Draw a marked picture where ``mask`` is light (opaque, if it has transparency), and keep all the rest."""
    image = flatten(still).convert("RGB")
    marked = mask.getchannel("A") if mask.has_transparency_data else mask.convert("L")
    marked = marked.resize(image.size)
    if box := marked.getbbox():
        drawn = draw(text=text, numbers_from=numbers_from, width=box[2] - box[0], height=box[3] - box[1])
        image.paste(drawn.resize((box[2] - box[0], box[3] - box[1])), box, marked.crop(box))
    return image


def cut_oval(still: Image.Image, *, text: str) -> Image.Image:
    """Keep an oval in the middle, marked as a mock below it, and make the corners transparent."""
    image = flatten(still).convert("RGB")
    mark(image, text)
    shape = Image.new("L", image.size, 0)
    ImageDraw.Draw(shape).ellipse((0, 0, image.width - 1, image.height - 1), fill=255)
    image.putalpha(shape)
    return image

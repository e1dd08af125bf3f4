"""Work on the caller's own picture without any provider: free of other people's bills, and the same result every time.

``provider_model`` names the work: ``upscale``, ``reframe`` or ``cutout``. The picture stands in ``image_url``;
``output_format`` is png (when it is not given), jpeg or webp.
"""

from collections.abc import Callable, Mapping

from PIL import Image, ImageFilter

from apps.providers.contract import (
    Accepted,
    Artifact,
    Cancellation,
    Done,
    Pending,
    Picture,
    ProviderRejected,
    Request,
)
from apps.providers.local_cutout import cut_out
from apps.providers.local_reframe import reframe
from apps.providers.pictures import MAX_PIXELS_OUT, encode, load, refuse

Work = Callable[[Picture, Request], Image.Image]


class LocalAdapter:
    """Upscale, reframe and cut-out with Pillow. Everything happens in ``submit``; there is never anything to poll."""

    slug = "local"
    repeatable = True
    queue = "pictures"

    def submit(self, request: Request) -> Accepted | Done:
        """Do the work and deliver one picture.

        :raises ProviderRejected: a picture that cannot be worked on; the message tells its owner what to do.
        """
        work = _WORK.get(request.provider_model)
        if work is None:
            raise ProviderRejected(f"There is no local work called {request.provider_model!r}.")
        picture = request.inputs.get("image_url")
        if not isinstance(picture, Picture):
            raise refuse("A picture is needed in image_url.")
        content_type = f"image/{request.inputs.get('output_format') or 'png'}"
        content = encode(work(picture, request), content_type)
        return Done((Artifact(content=content, content_type=content_type),))

    def poll(self, request: Request, accepted: Accepted) -> Pending | Done:
        """Never asked by anyone who reads what ``submit`` returns."""
        raise ProviderRejected("Local work ends when it is handed over; there is nothing to wait for.")

    def cancel(self, accepted: Accepted) -> Cancellation:
        return Cancellation.STOPPED


def _upscale(picture: Picture, request: Request) -> Image.Image:
    """Enlarge to the planned size with Lanczos and sharpen mildly; transparency and color profile stay."""
    image = load(picture, max_pixels=MAX_PIXELS_OUT)
    factor = float(request.inputs.get("upscale_factor") or 2)
    size = request.planned.width, request.planned.height  # exactly what was priced, however a half pixel is rounded
    if not 0 < size[0] * size[1] <= MAX_PIXELS_OUT:
        raise refuse(
            f"The result would have {size[0]} x {size[1]} pixels; at most 24 megapixels are made. Ask for less."
        )
    larger = image.resize(size, Image.Resampling.LANCZOS)
    sharpen = ImageFilter.UnsharpMask(radius=0.6 * factor, percent=60, threshold=2)
    if larger.mode in {"LA", "RGBA"}:
        alpha = larger.getchannel("A")
        larger = larger.convert(larger.mode.removesuffix("A")).filter(sharpen)
        larger.putalpha(alpha)
    else:
        larger = larger.filter(sharpen)
    return _with_profile(larger, image)


def _reframe(picture: Picture, request: Request) -> Image.Image:
    """Bring into the planned size: by cropping with ``mode: crop``, else by extending what is there."""
    image = load(picture)
    width, height = request.planned.width, request.planned.height
    if not 0 < width * height <= MAX_PIXELS_OUT:
        raise refuse(f"The result would have {width} x {height} pixels; at most 24 megapixels are made.")
    framed = reframe(image, width=width, height=height, is_cropped=request.inputs.get("mode") == "crop")
    return _with_profile(framed, image)


def _cut_out(picture: Picture, request: Request) -> Image.Image:
    """Make the plain ground around a subject transparent; the size stays."""
    image = load(picture, max_pixels=MAX_PIXELS_OUT)
    return _with_profile(cut_out(image), image)


def _with_profile(made: Image.Image, source: Image.Image) -> Image.Image:
    made.info = {name: source.info[name] for name in ("icc_profile",) if name in source.info}
    return made


_WORK: Mapping[str, Work] = {"upscale": _upscale, "reframe": _reframe, "cutout": _cut_out}

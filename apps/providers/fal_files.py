"""Files to fal.ai and back: pictures it cannot fetch are uploaded, and an output's files become artifacts."""

import base64
import binascii
import json
import time
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote_to_bytes

from apps.outbound import Client
from apps.providers.contract import Artifact, Picture, ProviderRejected, ProviderUnavailable
from apps.providers.fal_reasons import read_reason
from apps.providers.http import Purpose, read_object, send

KEEP_FILES = {"expiration_duration_seconds": 86_400}  # files at fal are public to who knows the address: for a day
_NAME = "fal.ai"
_UPLOAD_SECONDS = 50.0  # the token and all pictures of a run together
_TOKEN_SECONDS = 15.0
_CHUNK = 1 << 16
_EXTENSIONS = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp"}


class FalFiles:
    """The storage of one account: a token from the REST host, then the bytes to the CDN."""

    def __init__(self, *, key: str, client: Client, rest_url: str, cdn_url: str) -> None:
        self._client = client
        self._headers = {"Authorization": f"Key {key}", "Accept": "application/json"}
        self._rest_url = rest_url
        self._cdn_url = cdn_url

    def hand_over(self, inputs: Mapping[str, Any]) -> dict[str, Any]:  # JSON and Pictures in, JSON out
        """Put an address fal can read wherever a Picture stands, also inside lists; upload those without a public one.

        :raises ProviderUnavailable: an upload failed, for whatever reason; nothing was begun.
        """
        ends_at = time.monotonic() + _UPLOAD_SECONDS
        try:
            token = self._ask_token() if any(map(_must_be_uploaded, inputs.values())) else ""
            return {name: self._replace(value, token, ends_at) for name, value in inputs.items()}
        except (ProviderRejected, KeyError, OSError) as error:
            raise ProviderUnavailable(f"{_NAME} did not take a picture that the run needs.") from error

    def _replace(self, value: Any, token: str, ends_at: float) -> Any:  # JSON and Pictures in, JSON out
        if isinstance(value, Picture):
            return value.public_url or self._upload(value, token, ends_at)
        if isinstance(value, list | tuple):
            return [self._replace(one, token, ends_at) for one in value]
        return value

    def _upload(self, picture: Picture, token: str, ends_at: float) -> str:
        left = ends_at - time.monotonic()
        if left <= 0:
            raise ProviderUnavailable(f"{_NAME} took the pictures of the run too slowly.")
        headers = {
            "Authorization": token,  # the CDN's own: our key stays with the REST host
            "Content-Type": picture.content_type,
            "Content-Length": str(picture.size_bytes),
            "X-Fal-File-Name": f"picture.{_EXTENSIONS.get(picture.content_type, 'bin')}",
            "X-Fal-Object-Lifecycle": json.dumps(KEEP_FILES),
        }
        url = f"{self._cdn_url}/files/upload"
        answer = self._post(url, headers=headers, content=_chunks(picture), answer_seconds=left)
        return str(answer["access_url"])

    def _ask_token(self) -> str:
        url = f"{self._rest_url}/storage/auth/token?storage_type=fal-cdn-v3"
        answer = self._post(url, headers=self._headers, json={}, answer_seconds=_TOKEN_SECONDS)
        return f"{answer['token_type']} {answer['token']}"

    def _post(
        self,
        url: str,
        *,
        headers: Mapping[str, str],
        json: object = None,
        content: Iterator[bytes] | None = None,
        answer_seconds: float,
    ) -> dict[str, Any]:  # JSON, as fal says it
        response = send(
            self._client,
            Purpose.ASK,
            "POST",
            url,
            provider=_NAME,
            read_reason=read_reason,
            headers=headers,
            json=json,
            content=content,
            answer_seconds=answer_seconds,
        )
        return read_object(response, provider=_NAME)


def _must_be_uploaded(value: object) -> bool:
    if isinstance(value, list | tuple):
        return any(map(_must_be_uploaded, value))
    return isinstance(value, Picture) and not value.public_url


def read_artifacts(
    output: Mapping[str, Any], facts: Mapping[str, Any], *, is_clip: bool
) -> tuple[Artifact, ...]:  # JSON, as fal says it
    """Find the files of an output: ``images`` or ``image``; of a clip's ``video``, whatever stills lie beside it.

    Of each file, only ``url`` is sure to be there.

    :raises ProviderRejected: there is no such key, or a file without a readable address.
    """
    files = output.get("images")
    if is_clip or not isinstance(files, list):
        file = output.get("video" if is_clip else "image")
        if not isinstance(file, dict):
            raise ProviderRejected(
                f"{_NAME} delivered something that holds no {'clip' if is_clip else 'picture'}.", facts=facts
            )
        files = [file]
    return tuple(_artifact(file, facts) for file in files)


def _artifact(file: object, facts: Mapping[str, Any]) -> Artifact:  # JSON, as fal says it
    url = file.get("url") if isinstance(file, dict) else None
    if not isinstance(file, dict) or not isinstance(url, str) or not url:
        raise ProviderRejected(f"{_NAME} delivered a file without an address.", facts=facts)
    content_type = file.get("content_type")
    content_type = content_type if isinstance(content_type, str) else None
    if not url.startswith("data:"):
        return Artifact(url=url, content_type=content_type)
    head, comma, data = url.removeprefix("data:").partition(",")
    try:
        content = base64.b64decode(data, validate=True) if head.endswith(";base64") else unquote_to_bytes(data)
    except binascii.Error as error:
        raise ProviderRejected(f"{_NAME} delivered a file that cannot be read.", facts=facts) from error
    if not comma or not content:
        raise ProviderRejected(f"{_NAME} delivered an empty file.", facts=facts)
    return Artifact(content=content, content_type=head.partition(";")[0] or content_type)


def _chunks(picture: Picture) -> Iterator[bytes]:
    """The picture's bytes. :raises OSError: they are not as many as was announced."""
    left = picture.size_bytes
    with picture.open() as file:
        while chunk := file.read(_CHUNK):
            left -= len(chunk)
            if left < 0:
                break
            yield chunk
    if left:
        raise OSError("the picture's file is not as long as its row says")

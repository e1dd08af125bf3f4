"""A program that uses an installation over HTTP, with nothing but the standard library."""

import json
import urllib.request
import uuid
from typing import Any, Final
from urllib.error import HTTPError

_SECONDS: Final = 70


class Client:
    """Calls to one installation with one API key. A refusal raises ``HTTPError``."""

    def __init__(self, base_url: str, api_key: str) -> None:
        self._base_url, self._api_key = base_url, api_key

    def get(self, path: str) -> Any:  # JSON
        return self._send("GET", path)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:  # JSON
        content = json.dumps(body or {}).encode()
        return self._send("POST", path, content, {"Content-Type": "application/json"} | headers)

    def upload(self, name: str, content: bytes) -> str:
        """Upload a picture and return its id."""
        boundary = uuid.uuid4().hex
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
        body = head.encode() + content + f"\r\n--{boundary}--\r\n".encode()
        asset = self._send("POST", "/v1/uploads", body, {"Content-Type": f"multipart/form-data; boundary={boundary}"})
        return str(asset["id"])

    def available(self) -> float:
        """The credits that may be spent."""
        return float(self.get("/v1/credits")["available"])

    def _send(self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> Any:
        request = urllib.request.Request(
            self._base_url + path,
            data=body,
            method=method,
            headers={"Authorization": f"Bearer {self._api_key}"} | (headers or {}),
        )
        with urllib.request.urlopen(request, timeout=_SECONDS) as answer:
            return json.load(answer)


__all__ = ["Client", "HTTPError"]

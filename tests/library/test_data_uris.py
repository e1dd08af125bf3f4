"""References that are their own pictures: data URIs."""

from base64 import b64encode

import pytest

from tests.library import pictures
from tests.library.conftest import Fetch, faults_of

PNG = pictures.encode(pictures.quarters(80, 60))
JPEG = pictures.encode(pictures.quarters(50, 70), "JPEG")


@pytest.mark.parametrize(
    "uri",
    [
        "data:",
        "data:image/png",
        "data:image/png;base64",
        "data:image/png," + b64encode(PNG).decode(),
        "data:image/png;base64," + b64encode(PNG).decode()[:-1] + "!",
        "data:image/png;base64," + b64encode(PNG).decode().rstrip("=")[:-1],
        "data:image/png;base64,\n" + b64encode(PNG).decode(),
        "data:image/png;base64,iVBO Rw0KGgo=",
        "data:image/png;base64,iVBO=Rw0KGgo",
        "data:image/png;base64,====",
        "data:image/png;base64,é",
        "data:image/png;base64," + "iVBORw0KGgo=" * 2,
        "data:" + "x" * 300 + ";base64," + b64encode(PNG).decode(),
    ],
)
def test_a_data_uri_is_base64_to_the_letter(fetch: Fetch, uri: str) -> None:
    assert faults_of(fetch(uri))[uri].code == "invalid_data_uri"


@pytest.mark.parametrize("head", ["data:image/png;base64,", "DATA:;BASE64,", "data:text/html;charset=utf-8;base64,"])
def test_the_head_of_a_data_uri_is_not_believed(fetch: Fetch, head: str) -> None:
    uri = head + b64encode(PNG).decode()
    with fetch(uri) as fetched:
        assert fetched.measured[uri].content_type == "image/png"


def test_a_long_data_uri_is_decoded_in_pieces(fetch: Fetch) -> None:
    content = pictures.flat_png(1_000_000)
    with fetch(pictures.data_uri(content)) as fetched:
        assert next(iter(fetched.measured.values())).size_bytes == len(content)

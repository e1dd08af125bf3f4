"""What a hostile client sends, through every address that reads a body: refused in the one form, never a 500."""

import json

import pytest

from apps.jobs.models import Job, Quote
from apps.library.models import Asset
from tests.api.conftest import Caller

ADDRESSES = [("POST", "/v1/jobs/flux_schnell"), ("PUT", "/v1/jobs/flux_schnell/mine"), ("POST", "/v1/quotes")]

MALFORMED = {
    "not JSON": b"}{",
    "an array": b'[{"prompt": "x"}]',
    "deep arrays": b'{"prompt": ' + b"[" * 5_000 + b"]" * 5_000 + b"}",
    "deep objects": b'{"prompt": ' * 5_000 + b"1" + b"}" * 5_000,
    "NaN": b'{"prompt": "x", "guidance_scale": NaN}',
    "infinity": b'{"prompt": "x", "guidance_scale": 1e400}',
    "a huge integer": b'{"prompt": "x", "seed": ' + b"9" * 10_000 + b"}",
    "a key twice": b'{"prompt": "x", "prompt": "y"}',
    "not UTF-8": b'{"prompt": "\xff\xfe"}',
    "UTF-16": '{"prompt": "x"}'.encode("utf-16"),
    "NUL": b'{"prompt": "a\\u0000b"}',
    "NUL in a name": b'{"prompt\\u0000": "x"}',
    "half a surrogate": b'{"prompt": "\\ud83e"}',
    "very many values": b'{"prompt": [' + b"0," * 50_000 + b"0]}",
    "very many names": b"{" + b",".join(b'"%d":0' % number for number in range(50_000)) + b"}",
}


@pytest.mark.parametrize(("method", "path"), ADDRESSES)
@pytest.mark.parametrize("what", sorted(MALFORMED))
def test_what_is_malformed_is_a_400(program: Caller, method: str, path: str, what: str) -> None:
    answer = program.ask(method, path, MALFORMED[what])
    assert (answer.status_code, answer.json()["error_type"]) == (400, "malformed_request")
    assert (Job.objects.count(), Quote.objects.count()) == (0, 0)


@pytest.mark.parametrize(
    "inputs",
    [
        {"prompt": "x" * 10_000_000},
        {"prompt": {"a": {"b": {"c": []}}}},
        {"prompt": "x", "seed": 2**63},
        {"prompt": "x", "seed": -(2**63)},
        {"prompt": "x", "seed": 1.5},
        {"prompt": "x", "num_images": 1e18},
        {"prompt": "x", "num_images": True},
        {"prompt": "x", "guidance_scale": 1e308},
        {"prompt": "x", "image_size": {"width": 10**18, "height": 10**18}},
        {"prompt": "x", "image_size": {"width": 0.5, "height": -1}},
        {"prompt": None},
        {"prompt": "x", "": "", "constructor": 1, "__proto__": {}, "a" * 10_000: 1},
        {"prompt": "x", "metadata": {"a": "x" * 100_000}},
        {"prompt": "x", "metadata": {"a" * 100_000: 1}},
        {"prompt": "x", "project": "x" * 100_000},
        {"prompt": "x", "project": " "},
        {"prompt": "x", "out": "x" * 100_000},
        {"prompt": "x", "format": "x" * 100_000},
        {"prompt": "x", "format": ["shorts"]},
        {"image_urls": ["javascript:alert(1)"], "prompt": "x"},
    ],
    ids=lambda inputs: json.dumps(inputs)[:40],
)
def test_what_is_json_and_wrong_is_a_422_or_taken(program: Caller, inputs: dict[str, object]) -> None:
    answer = program.post("/v1/jobs/flux_schnell", inputs, Prefer="respond-async")
    assert answer.status_code in {202, 422}, answer.content[:300]
    if answer.status_code == 202:
        assert program.get("/v1/jobs").json()["data"][0]["input"]["prompt"] == inputs["prompt"]
    else:
        assert answer.json()["error"]["details"]["fields"]
        assert len(answer.content) < 20_000


@pytest.mark.parametrize(
    "source",
    [
        "data:image/png;base64,",
        "data:image/png;base64,AAAA",
        "data:image/svg+xml;base64,PHN2Zy8+",
        "data:text/html,<script>",
        "https://user:password@example.com/x.png",
        "https://[::1",
        "https://example.com:99999/x.png",
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
        "asset_" + "z" * 26,
        "asset_../../etc/passwd",
        "https://" + "x" * 20_000,
        "https://ex ample.com/\r\nHost: x",
        "",
    ],
)
def test_a_picture_that_cannot_be_is_a_422(program: Caller, source: str) -> None:
    answer = program.post("/v1/jobs/nano_banana_edit", {"prompt": "x", "image_urls": [source]})
    assert answer.status_code == 422, answer.content[:300]
    assert answer.json()["error"]["details"]["fields"]
    assert (Job.objects.count(), Asset.objects.count()) == (0, 0)


@pytest.mark.parametrize("path", ["/v1/jobs/%00", "/v1/assets/%00", "/v1/models/%ff", "/v1/%2e%2e/x", "/v1//jobs"])
def test_addresses_that_cannot_be_are_not_there(program: Caller, path: str) -> None:
    assert program.get(path).status_code == 404


@pytest.mark.parametrize(
    "query",
    ["project=%00", "model=%ff", "after=%00", "status[]=queued", "limit=%F0%9F%98%80", "created_after=9999999-01-01"],
)
def test_queries_that_cannot_be_are_a_422(program: Caller, query: str) -> None:
    answer = program.get(f"/v1/jobs?{query}")
    assert answer.status_code in {200, 422}
    assert answer.status_code == 422 or query.startswith("model")

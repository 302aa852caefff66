"""Ids of requests that bring none: the value that $request_id has where the configuration names it, else one of our own."""
import pytest

from lib import nginx
from lib.client import post

MESSAGES = "/v1/messages"
HI = {"model": "openai/ok", "max_tokens": 5, "messages": [{"role": "user", "content": "hi"}]}
ENOUGH = 150  # more than two batches


def ids(made, count):
    return [post(made.nginx.port, MESSAGES, HI, key=made.key).headers["x-request-id"] for _ in range(count)]


@pytest.mark.parametrize("workers", [1, 2])
def test_ids_that_nobody_else_sees(gateway, monkeypatch, workers):
    monkeypatch.setattr(nginx, "CORE_VARIABLES", [name for name in nginx.CORE_VARIABLES if name != "request_id"])
    found = ids(gateway(workers=workers), ENOUGH)
    assert len(set(found)) == ENOUGH and all(len(i) == 32 and set(i) <= set("0123456789abcdef") for i in found)


def test_the_log_has_the_same_id(gateway):
    made = gateway()
    found = ids(made, 3)
    assert [entry["request_id"] for entry in made.nginx.access(3)] == found and len(set(found)) == 3

"""The Python SDKs' own patience: time limits, retries, many streams on one HTTP/2 connection; through ai_gateway and ai_filter."""
import asyncio
import ssl
import time

import anthropic
import httpx2
import openai
import pytest

from lib.chat_gateway import KINDS
from lib.sdk import HELLO, ROUTES, client
from lib.wait import wait_until

ERRORS = {"openai": openai, "anthropic": anthropic}
every_route = pytest.mark.parametrize("sdk, route", [(sdk, route) for sdk in KINDS for route in ROUTES[sdk]],
                                      ids=lambda value: str(value))


def create(made, sdk, model, **options):
    messages = [{"role": "user", "content": "Hi"}]
    if sdk == "openai":
        return made.chat.completions.create(model=model, messages=messages, **options)
    return made.messages.create(model=model, messages=messages, max_tokens=100, **options)


def text_of(answer, sdk):
    return answer.choices[0].message.content if sdk == "openai" else answer.content[0].text


def pieces(event, sdk):
    if sdk == "openai":
        return event.choices[0].delta.content or "" if event.choices else ""
    return event.delta.text if event.type == "content_block_delta" else ""


# ---- time limits

@every_route
def test_the_client_gives_up(gateway, sdk, route):
    """Its provider is freed at once, and the next request is not disturbed."""
    with client(sdk, gateway, route, timeout=0.3) as made:
        start = time.monotonic()
        with pytest.raises(ERRORS[sdk].APITimeoutError):
            create(made, sdk, f"{route.kind}/hang")
        assert time.monotonic() - start < 2
        request = gateway.mocks[route.kind].wait_for(1, timeout=2)[0]
        assert request.state == "aborted"
        assert text_of(create(made.with_options(timeout=5), sdk, f"{route.kind}/ok"), sdk) == HELLO


@every_route
def test_the_client_gives_up_amid_a_stream(gateway, sdk, route):
    with client(sdk, gateway, route, timeout=0.4) as made:
        stream = create(made, sdk, f"{route.kind}/hang,at=5", stream=True)
        with pytest.raises((ERRORS[sdk].APITimeoutError, httpx2.TimeoutException)):
            list(stream)
        wait_until(lambda: gateway.mocks[route.kind].last.state == "aborted", 2, "the provider's connection closed")


# ---- retries

GATEWAY_TRIES = 3  # of a provider that is throttled, where there is no other; then the client's own patience begins


@every_route
@pytest.mark.parametrize("code", [503, 429, 529])
def test_retries(gateway, sdk, route, code):
    mock = gateway.mocks[route.kind]
    tries = 1 if route.filter or code == 503 else GATEWAY_TRIES
    mock.plan(*[f"{code},retry_after=0.01"] * tries, "ok")
    with client(sdk, gateway, route, max_retries=2) as made:
        start = time.monotonic()
        assert text_of(create(made, sdk, f"{route.kind}/ok"), sdk) == HELLO
        took = time.monotonic() - start
    assert [r.options.code for r in mock.requests] == [code] * tries + [200]
    if tries == GATEWAY_TRIES:
        assert 0.9 < took < 4, "the provider's retry-after, in whole seconds, is what the client waits"


@every_route
def test_retries_end(gateway, sdk, route):
    mock = gateway.mocks[route.kind]
    mock.plan("429,retry_after=0.01")
    with client(sdk, gateway, route, max_retries=1) as made:
        with pytest.raises(ERRORS[sdk].RateLimitError):
            create(made, sdk, f"{route.kind}/ok", stream=True)
    assert len(mock.requests) == 2 * (1 if route.filter else GATEWAY_TRIES)


@every_route
def test_a_wrong_request_is_not_repeated(gateway, sdk, route):
    with client(sdk, gateway, route, max_retries=3) as made:
        with pytest.raises(ERRORS[sdk].BadRequestError):
            create(made, sdk, f"{route.kind}/400")
    assert len(gateway.mocks[route.kind].requests) == 1


# ---- HTTP/2

@pytest.fixture(params=["TLS", "clear"])
def h2(request, gateway, authority):
    """(base URL, arguments for httpx2): by ALPN, and with nothing but HTTP/2 from the first byte."""
    if request.param == "TLS":
        trusted = ssl.create_default_context(cafile=authority.ca_file)
        return f"https://localhost:{gateway.nginx.ports['PORT_TLS']}", {"http2": True, "verify": trusted}
    return f"http://127.0.0.1:{gateway.nginx.ports['PORT_H2']}", {"http2": True, "http1": False}


@every_route
def test_http2(gateway, sdk, route, h2):
    url, how = h2
    with client(sdk, gateway, route, url=url, http_client=httpx2.Client(**how)) as made:
        raw = (made.chat.completions if sdk == "openai" else made.messages).with_raw_response
        asked = {"model": f"{route.kind}/ok", "messages": [{"role": "user", "content": "Hi" * 50_000}], "max_tokens": 9}
        answer = raw.create(**asked)
        assert answer.http_response.http_version == "HTTP/2" and text_of(answer.parse(), sdk) == HELLO
        assert "".join(pieces(event, sdk) for event in create(made, sdk, f"{route.kind}/ok", stream=True)) == HELLO
        with pytest.raises(ERRORS[sdk].BadRequestError):
            create(made, sdk, f"{route.kind}/400")


@every_route
def test_parallel_streams_on_one_http2_connection(gateway, sdk, route, h2):
    url, how = h2

    async def one(made, number):
        stream = await create(made, sdk, f"{route.kind}/ok,n=20,gap=0.01", stream=True)
        if number % 5 == 0:  # some leave early; the others don't notice
            await stream.close()
            return None
        return "".join([pieces(event, sdk) async for event in stream])

    async def everyone():
        limits = httpx2.Limits(max_connections=1)
        async with client(sdk, gateway, route, asynchronous=True, url=url, http_client=httpx2.AsyncClient(**how, limits=limits)) as made:
            await create(made, sdk, f"{route.kind}/ok")
            return await asyncio.gather(*(one(made, number) for number in range(30)))

    whole = "".join(f"word{i} " for i in range(20))
    assert asyncio.run(everyone()) == [None if number % 5 == 0 else whole for number in range(30)]
    requests = gateway.mocks[route.kind].wait_for(31)
    assert {r.state for r in requests if r.state != "done"} <= {"aborted"}

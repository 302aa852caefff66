"""The caller's body on its way in: it is read in one piece where core can be brought to it (request_body.cpp), however it
arrives, and what the provider gets is the same. The gateway changes the model's name, so that a body is written in pieces."""
import time

import httpx
import pytest

from lib.chat_gateway import FILTERS, ChatGateway
from lib.client import Connection, get, post, request_bytes
from lib.nginx import AI_VARIABLES, binary, listen_http2
from lib.wait import wait_until
from filter.test_filter_scripts import LUA

BUFFER = 64 << 10  # client_body_buffer_size
SIZES = [10, 700, 3000, BUFFER - 200, BUFFER + 200, 2 * BUFFER]
PATHS = {"gateway": "/v1/chat/completions", "filter": "/filter/openai/v1/chat/completions"}
LUA_LOCATIONS = """
    location /lua/ { ai_filter openai; ai_auth keys; proxy_pass %OPENAI%/; error_page 403 = @second;
        access_by_lua_block { ngx.req.read_body(); ngx.req.set_body_data(string.rep(" ", 5000) .. ngx.req.get_body_data()) } }
    location @second { set $second %OPENAI%/chat/completions; proxy_pass $second; proxy_set_header Authorization "Bearer upstream-key-of-the-gateway";
        access_by_lua_block { ngx.req.read_body(); ngx.req.set_body_data('{"model":"ok","messages":[]}' .. string.rep(" ", 20000)) } }
"""


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bodies")
    folder.chmod(0o755)
    mirror = "mirror /copy;" + "location = /copy { internal; proxy_pass %OPENAI%/copy; }"
    lua = binary() == "/usr/sbin/nginx"
    made = ChatGateway(folder, main=LUA if lua else "", http=f"client_body_buffer_size {BUFFER};",
                       server=f"{listen_http2()} {FILTERS} {LUA_LOCATIONS if lua else ''}" + mirror, variables=(*AI_VARIABLES, "ai_input_tokens"))
    yield made
    made.close()


def body(size, model):
    return {"model": model, "max_tokens": 5, "messages": [{"role": "user", "content": "0123456789" * (size // 10)}]}


def model(way):
    return "plain-openai" if way == "gateway" else "ok"


def calls(gateway):
    """Beside the copies that the mirror makes."""
    return [one for one in gateway.mocks["openai"].requests if one.path.endswith("/chat/completions")]


def check(gateway, sent):
    """What the provider of the last call got."""
    got = calls(gateway)[-1]
    expected = {**sent, "model": "ok"}
    assert got.json == expected and int(got.headers["content-length"]) == len(got.body)
    gateway.reset()


def logged(gateway, **members):
    """The request whose line in the access log has these."""
    return wait_until(lambda: next((one for one in gateway.nginx.access() if members.items() <= one.items()), None), what=f"{members} in the log")


@pytest.mark.parametrize("way", PATHS)
@pytest.mark.parametrize("size", SIZES)
def test_in_pieces(gateway, way, size):
    sent = body(size, model(way))
    data = request_bytes("POST", PATHS[way], sent, key=gateway.key)
    head = data.index(b"\r\n\r\n") + 4
    with Connection(gateway.nginx.port) as connection:
        for cuts in ([head], [head + 1], [head + 9, head + 10], [10, len(data) - 1], [head + (len(data) - head) // 2], []):
            for begin, end in zip([0, *cuts], [*cuts, len(data)]):
                connection.send(data[begin:end])
                if end < len(data):
                    time.sleep(0.01)
            assert connection.read_answer().status == 200
            check(gateway, sent)


@pytest.mark.parametrize("way", PATHS)
def test_chunked(gateway, way):
    for size in SIZES:
        sent = body(size, model(way))
        assert post(gateway.nginx.port, PATHS[way], sent, key=gateway.key, chunked=True).status == 200
        check(gateway, sent)


@pytest.mark.parametrize("way", PATHS)
def test_http2(gateway, way):
    with httpx.Client(http1=False, http2=True, base_url=f"http://127.0.0.1:{gateway.nginx.ports['PORT2']}") as client:
        for size in SIZES:
            sent = body(size, model(way))
            assert client.post(PATHS[way], json=sent, headers={"Authorization": f"Bearer {gateway.key}"}).status_code == 200
            check(gateway, sent)


@pytest.mark.parametrize("way", PATHS)
def test_the_next_request_is_already_here(gateway, way):
    """Pipelined: what follows the body belongs to another one."""
    sent = [body(size, model(way)) for size in (20, 5000, 30)]
    data = b"".join(request_bytes("POST", PATHS[way], one, key=gateway.key) for one in sent)
    with Connection(gateway.nginx.port) as connection:
        connection.send(data)
        assert [connection.read_answer().status for _ in sent] == [200, 200, 200]
    got = [one.json["messages"] for one in calls(gateway)]
    assert got == [one["messages"] for one in sent]
    gateway.reset()


@pytest.mark.parametrize("way", PATHS)
def test_left_in_the_middle(gateway, way):
    data = request_bytes("POST", PATHS[way], body(5000, model(way)), key=gateway.key)
    for end in (len(data) - 1, len(data) - 4000):
        connection = Connection(gateway.nginx.port)
        connection.send(data[:end])
        time.sleep(0.05)
        connection.abort()
    assert not calls(gateway)


def test_held_while_the_answer_comes(gateway):
    """The prompt is counted when the stream has ended without a word about usage."""
    sent = {**body(5000, "openai/ok,usage=none"), "stream": True}
    assert post(gateway.nginx.port, PATHS["gateway"], sent, key=gateway.key).whole
    entry = logged(gateway, ai_usage_source="estimated")
    assert int(entry["ai_prompt_tokens"]) > 500
    gateway.reset()


@pytest.mark.skipif(binary() != "/usr/sbin/nginx", reason="Debian's modules are for Debian's nginx")
def test_lua_puts_another_body_in_its_place(gateway):
    """What Lua frees then is what the refused conversation has read, and counts when it is logged."""
    narrow = gateway.keys.add("narrow", models=["other"])
    gateway.nginx.reload()
    wait_until(lambda: get(gateway.nginx.port, "/v1/models", key=narrow).status == 200, what="the new key")
    for size in (10, 9000):
        path = f"/lua/{size}/chat/completions"
        assert post(gateway.nginx.port, path, body(size, "ok"), key=narrow).status == 200
        assert calls(gateway)[-1].json == {"model": "ok", "messages": []}
        assert int(logged(gateway, request_uri=path)["ai_input_tokens"]) > size // 4
        gateway.reset()

"""ai_filter beside njs and Lua in the same location: Debian's own modules, with everything they may do before, around and
after a proxied request."""
import pathlib

import pytest

from lib.filtered import PATHS, ask, body, filtered, plain
from lib.nginx import binary

MODULES = pathlib.Path("/usr/lib/nginx/modules")
LUA = "".join(f"load_module {MODULES}/{name}; " for name in ("ndk_http_module.so", "ngx_http_lua_module.so"))
NJS = f"load_module {MODULES}/ngx_http_js_module.so;"

pytestmark = pytest.mark.skipif(binary() != "/usr/sbin/nginx", reason="Debian's modules are for Debian's nginx")

LUA_LINES = """
    rewrite_by_lua_block { ngx.req.set_header("x-from-lua", "rewrite") }
    access_by_lua_block {
        if ngx.var.arg_deny then return ngx.exit(403) end
        ngx.ctx.seen = ngx.req.get_headers()["authorization"]
    }
    header_filter_by_lua_block { ngx.header["x-seen"] = ngx.ctx.seen and "a key" or "no key"; ngx.header.content_length = nil }
    body_filter_by_lua_block { ngx.arg[1] = string.gsub(ngx.arg[1], "mock", "MOCK") }
    log_by_lua_block { ngx.log(ngx.WARN, "lua saw ", ngx.var.ai_model, " ", ngx.var.ai_prompt_tokens or "-") }
"""
NJS_CODE = """
function filter(r, data, flags) { r.sendBuffer(data.replace(/mock/g, 'MOCK'), flags); }
function header(r) { r.headersOut['x-model'] = r.variables.ai_model; delete r.headersOut['Content-Length']; }
function upper(r) { return (r.headersIn['Authorization'] || 'none').length > 10 ? 'long' : 'none'; }
export default { filter, header, upper };
"""


@pytest.fixture
def lua(nginx, mock, keys):
    key = keys.add("one")
    parts = dict(main=LUA, server="location /lua/ { proxy_pass http://mocks/; ai_filter auto; ai_auth keys; " + LUA_LINES + "}")
    return filtered(nginx, mock, keys=keys, **parts), key


@pytest.mark.parametrize("stream", [False, True])
def test_lua(lua, mock, stream):
    ngx, key = lua
    answer = ask(ngx, path="/lua" + PATHS["openai"], key=key, stream=stream)
    assert answer.status == 200 and answer.whole
    assert answer.headers["x-seen"] == "a key" and b"MOCK" in answer.body and b"the mock" not in answer.body
    assert mock.last.headers["x-from-lua"] == "rewrite" and "authorization" not in mock.last.headers
    assert answer.body == plain(ngx, stream=stream).body.replace(b"mock", b"MOCK")
    assert ngx.access(1)[0]["ai_prompt_tokens"] == "21"
    assert "lua saw ok 21" in ngx.error_log()


def test_lua_refuses(lua, mock):
    ngx, key = lua
    assert ask(ngx, path="/lua" + PATHS["openai"] + "?deny=1", key=key).status == 403
    assert ask(ngx, path="/lua" + PATHS["openai"]).status == 401
    assert not mock.requests


@pytest.mark.parametrize("stream", [False, True])
def test_njs(nginx, mock, keys, tmp_path, stream):
    key = keys.add("one")
    (tmp_path / "njs").mkdir()
    (tmp_path / "njs" / "own.js").write_text(NJS_CODE)
    ngx = filtered(nginx, mock, keys=keys, main=NJS, http=f"js_path {tmp_path}/njs; js_import own.js; js_set $length own.upper;", server="""
        location /njs/ { proxy_pass http://mocks/; ai_filter auto; ai_auth keys; js_header_filter own.header; js_body_filter own.filter;
            proxy_set_header x-length $length; }""")
    answer = ask(ngx, path="/njs" + PATHS["openai"], key=key, stream=stream)
    assert answer.status == 200 and answer.whole
    assert answer.headers["x-model"] == "ok" and b"MOCK" in answer.body
    assert answer.body == plain(ngx, stream=stream).body.replace(b"mock", b"MOCK")
    assert "authorization" not in mock.last.headers or mock.requests[0].headers.get("authorization") is None
    assert ngx.access(1)[0]["ai_prompt_tokens"] == "21"
    assert body("ok")["model"] == mock.requests[0].json["model"]

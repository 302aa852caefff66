"""A gateway with both kinds of provider behind it, for tests that are its callers. The model's name says which provider and
what it shall do: openai/ok, anthropic/hang,at=mid (options.py)."""
import os

from .keys import KeyFile
from .mock import Mock
from .nginx import AI_VARIABLES, Nginx, template

KINDS = ("openai", "anthropic")
UPSTREAM_KEY = "upstream-key-of-the-gateway"
MAIN = "env UPSTREAM_KEY;"


def providers(mocks, timeout="connect=2s first=5s idle=5s total=20s"):
    """The http part: two providers, the wildcard models over them and one plain name on each."""
    text = ""
    for kind in KINDS:
        text += f"""
    ai_provider {kind} {{ format {kind}; url {mocks[kind].url}; key env:UPSTREAM_KEY; timeout {timeout}; }}
    ai_model {kind}/* {{ target {kind} *; }}
    ai_model plain-{kind} {{ target {kind} ok; }}"""
    return text


FILTERS = "".join(f"""
    location /filter/{kind}/v1/ {{
        ai_filter {kind}; ai_auth keys; client_max_body_size 32m; proxy_pass %{kind.upper()}%/; proxy_http_version 1.1;
        proxy_set_header Connection ""; proxy_set_header {header} {UPSTREAM_KEY};
    }}""" for kind, header in (("openai", "Authorization"), ("anthropic", "X-Api-Key")))


class ChatGateway:
    """In http, server and servers, %OPENAI% and %ANTHROPIC% are the mocks' URLs."""
    def __init__(self, folder, http="", server="", location="", main="", servers="", variables=AI_VARIABLES, mock=Mock, **parts):
        self.mocks = {kind: mock(key=UPSTREAM_KEY) for kind in KINDS}
        self.keys = KeyFile(folder / "keys.json")
        self.key = self.keys.add("key-one", team="team-a", user="ann", project="apollo", env="prod", tags={"eu": "1"})
        for kind in KINDS:
            http, server, servers = (part.replace(f"%{kind.upper()}%", self.mocks[kind].url) for part in (http, server, servers))
        size = "" if "client_max_body_size" in location else "client_max_body_size 32m;"
        server = f"location /v1/ {{ ai_gateway; ai_auth keys; {size} {location} }} {server}"
        config = template(main=MAIN + main, http=f"ai_keys {self.keys.path};{providers(self.mocks)}{http}", server=server,
                          servers=servers, log_variables=variables, **parts)
        self.nginx = Nginx(folder / "nginx", config, {"UPSTREAM_KEY": UPSTREAM_KEY})

    def reset(self):
        for mock in self.mocks.values():
            mock.reset()

    def close(self):
        try:
            self.nginx.stop()
        finally:
            for mock in self.mocks.values():
                mock.close()

    def last_entry(self, count):
        """The access log's entry number `count`, from 1."""
        return self.nginx.access(count)[count - 1]


def empty_environment(monkeypatch, tmp_path):
    """SDKs read keys, URLs and proxies from the environment and from files in HOME."""
    for name in list(os.environ):
        if name not in ("PATH", "PYTEST_CURRENT_TEST", "LANG"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))



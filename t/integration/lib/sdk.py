"""The vendors' own Python clients on a ChatGateway. A Route says how a request gets to its provider: translated or passed by
ai_gateway, or through an ordinary proxy_pass with ai_filter.

    with client("openai", gateway, ROUTES["openai"][2], timeout=1) as made: …
"""
import dataclasses

import anthropic
import openai

from .chat_gateway import KINDS

HELLO = "Hello from the mock provider."
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
CLASSES = {"openai": (openai.OpenAI, openai.AsyncOpenAI), "anthropic": (anthropic.Anthropic, anthropic.AsyncAnthropic)}


@dataclasses.dataclass
class Route:
    kind: str             # of the provider
    filter: bool = False  # an ai_filter location; else ai_gateway

    def path(self, dialect):
        return (f"/filter/{self.kind}" if self.filter else "") + ("/v1" if dialect == "openai" else "")

    def __str__(self):
        return "filter" if self.filter else self.kind


ROUTES = {dialect: [*(Route(kind) for kind in KINDS), Route(dialect, filter=True)] for dialect in KINDS}


def client(dialect, gateway, route=Route("openai"), asynchronous=False, url=None, **options):
    made = CLASSES[dialect][asynchronous]
    return made(base_url=(url or gateway.nginx.url) + route.path(dialect), **{"api_key": gateway.key, "max_retries": 0, **options})

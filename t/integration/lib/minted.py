"""A gateway whose credentials are made for it (lib/metadata.py), and those who check them. Fixtures to import beside it: closing(one)
closes it at the end, metadata(...) and bedrock(made, ...) make such ones."""
import re

import pytest

from .bedrock import BedrockMock
from .client import post
from .gateway import LOCATION, PATHS
from .metadata import Metadata

HELLO = "Hello from the mock provider."
CLAUDE = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
BODY = {"model": "m", "max_tokens": 64, "messages": [{"role": "user", "content": "hi"}]}
NAMES = ("AWS_EC2_METADATA_SERVICE_ENDPOINT", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN",
         "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
         "AWS_BEARER_TOKEN_BEDROCK", "AWS_EC2_METADATA_DISABLED", "GCE_METADATA_HOST", "GOOGLE_APPLICATION_CREDENTIALS", "SSL_CERT_FILE")


class Bedrock(BedrockMock):
    """Takes every signature by credentials that were made and have not ended."""

    def __init__(self, made, **options):
        self.made, self.seen = made, []
        super().__init__(**options)

    def authorization(self, record):
        key = re.search(r"Credential=([^/]+)/", record.headers.get("authorization", ""))
        known = self.made.knows_aws(key[1]) if key else None
        if known is None:
            return "unknown or ended"
        self.seen.append(key[1])
        self.credentials = known
        return super().authorization(record)


@pytest.fixture
def closing():
    opened = []

    def keep(one):
        opened.append(one)
        return one

    yield keep
    for one in opened:
        one.close()


@pytest.fixture
def metadata(closing):
    return lambda *args, **options: closing(Metadata(*args, **options))


@pytest.fixture
def bedrock(closing):
    return lambda made, **options: closing(Bedrock(made, **options))


def start(nginx, env, providers, target=f"target b {CLAUDE};", http="", **parts):
    main = "".join(f"env {name};" for name in (*NAMES, "MOCK_KEY"))
    return nginx(main=main, env={"MOCK_KEY": "sk-mock", **env}, http=f"{http} {providers} ai_model m {{ {target} }}", server=LOCATION,
                 log_variables=("ai_provider", "ai_attempts", "ai_error"), **parts)


def provider(mock, extra="", format="bedrock"):
    return f"ai_provider b {{ format {format}; url {mock.url}; region us-east-1; {extra} }}"


def instance(made):
    return {"AWS_EC2_METADATA_SERVICE_ENDPOINT": made.url}


def chat(ngx, dialect="openai", **members):
    return post(ngx.port, PATHS[dialect], {**BODY, **members}, timeout=20)


def log_lines(ngx, *words):
    return [line for line in ngx.error_log().splitlines() if "credentials from" in line and all(word in line for word in words)]

"""LangChain's standard tests for chat models, on a gateway. Started by test_langchain.py in a process and an environment of its
own; SUITE_CLIENT (openai, anthropic), SUITE_PROVIDER (the same), SUITE_URL, SUITE_KEY, SUITE_MODEL and SUITE_OTHER_MODEL say
what for. Files that the suite would fetch from the network are made here."""
import base64
import os
import types

import pytest
from langchain_anthropic import ChatAnthropic
from langchain_core.messages import AIMessage
from langchain_openai import ChatOpenAI
from langchain_tests.integration_tests import ChatModelIntegrationTests
from langchain_tests.integration_tests import chat_models as suite
from langchain_tests.unit_tests import ChatModelUnitTests

CLIENT, PROVIDER = os.environ["SUITE_CLIENT"], os.environ["SUITE_PROVIDER"]
PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
WAV = b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0\x40\x1f\0\0\x80\x3e\0\0\2\0\x10\0data\0\0\0\0"
FILES = {".png": PNG, ".pdf": PDF, ".wav": WAV}


@pytest.fixture(autouse=True)
def files_without_network(monkeypatch):
    def get(url, **options):
        return types.SimpleNamespace(content=FILES[url[-4:]])

    monkeypatch.setattr(suite, "httpx", types.SimpleNamespace(get=get))


@pytest.fixture(scope="session")
def vcr_cassette_dir(tmp_path_factory):
    return str(tmp_path_factory.mktemp("cassettes"))


class Common:
    supports_json_mode = CLIENT == "openai"
    supports_image_inputs = supports_image_urls = supports_pdf_inputs = supports_anthropic_inputs = True
    supports_audio_inputs = (CLIENT, PROVIDER) == ("openai", "openai")  # docs/carried.md: Anthropic has no place for sound
    supports_image_tool_message = supports_pdf_tool_message = (CLIENT, PROVIDER) != ("openai", "openai")  # OpenAI's take text only
    supports_model_override = True
    model_override_value = os.environ["SUITE_OTHER_MODEL"]
    enable_vcr_tests = True
    chat_model_class = {"openai": ChatOpenAI, "anthropic": ChatAnthropic}[CLIENT]

    @property
    def chat_model_params(self):
        options = {"model": os.environ["SUITE_MODEL"], "api_key": os.environ["SUITE_KEY"], "max_retries": 0, "timeout": 20}
        if CLIENT == "openai":
            return {**options, "base_url": os.environ["SUITE_URL"] + "/v1", "stream_usage": True}
        return {**options, "base_url": os.environ["SUITE_URL"]}


class TestStandard(Common, ChatModelIntegrationTests):
    @property
    def supported_usage_metadata_details(self):
        told = ["cache_read_input"]
        if CLIENT == "openai" and PROVIDER == "openai":
            told.append("reasoning_output")
        if CLIENT == "anthropic" and PROVIDER == "anthropic":
            told.append("cache_creation_input")
        return {"invoke": told, "stream": told}

    def _ask(self, stream):
        model = self.chat_model_class(**self.chat_model_params)
        if not stream:
            return model.invoke("Hello")
        full = None
        for chunk in model.stream("Hello"):
            full = chunk if full is None else full + chunk
        return full

    def _detail(self, side, name, expected, stream) -> AIMessage:
        message = self._ask(stream)
        assert message.usage_metadata[side][name] == expected
        return message

    def invoke_with_cache_read_input(self, *, stream=False):
        return self._detail("input_token_details", "cache_read", 5, stream)

    def invoke_with_cache_creation_input(self, *, stream=False):
        return self._detail("input_token_details", "cache_creation", 3, stream)

    def invoke_with_reasoning_output(self, *, stream=False):
        return self._detail("output_token_details", "reasoning", 2, stream)


class TestOtherMethod(Common, ChatModelIntegrationTests):
    """The way to structured output that is not the client's own choice."""
    structured_output_kwargs = {"method": "function_calling" if CLIENT == "openai" else "json_schema"}


class TestUnit(Common, ChatModelUnitTests):
    @property
    def init_from_env_params(self):
        name = CLIENT.upper()
        url = "OPENAI_API_BASE" if CLIENT == "openai" else "ANTHROPIC_API_URL"
        member = f"{CLIENT}_api_base" if CLIENT == "openai" else "anthropic_api_url"
        model = os.environ["SUITE_MODEL"]
        return ({f"{name}_API_KEY": "dummy", url: os.environ["SUITE_URL"]}, {"model": model},
                {f"{CLIENT}_api_key": "dummy", member: os.environ["SUITE_URL"]})

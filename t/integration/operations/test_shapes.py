"""Rerank, embeddings and images at providers whose shape is not the caller's."""
import base64
import json
import struct

import httpx
import openai
import pytest

from lib import programs, report
from lib.json_provider import JsonProvider
from lib.keys import KeyFile
from lib.nginx import ROOT, sanitizing

VECTOR = [0.25, -1.5, 3.0]
PNG = "iVBORw0KGgo="
RESULTS = [{"index": 1, "relevance_score": 0.9}, {"index": 0, "relevance_score": 0.25}]


def openai_vectors(request):
    count = len(request.json["input"])
    return {"object": "list", "model": "e", "usage": {"total_tokens": 7, "prompt_tokens": 7},
            "data": [{"object": "embedding", "index": i, "embedding": VECTOR} for i in reversed(range(count))]}


ANSWERS = {
    "/cohere/v2/rerank": lambda request: {"id": "r-1", "results": RESULTS, "meta": {"billed_units": {"search_units": 2}}},
    "/voyage/v1/rerank": lambda request: {"object": "list", "model": "rerank-2", "usage": {"total_tokens": 26}, "data": RESULTS},
    "/jina/v1/rerank": lambda request: {"model": "j", "usage": {"total_tokens": 31}, "results": RESULTS},
    "/vllm/v1/rerank": lambda request: {"id": "v", "model": "bge", "usage": {"total_tokens": 31}, "results": RESULTS},
    "/cohere/v2/embed": lambda request: {"embeddings": {"float": [VECTOR] * len(request.json["texts"])}, "meta": {"billed_units": {"input_tokens": 5}}},
    "/voyage/v1/embeddings": openai_vectors, "/jina/v1/embeddings": openai_vectors, "/mistral/v1/embeddings": openai_vectors,
    "/openai/v1/embeddings": openai_vectors, "/openai/deployments/ada/embeddings": openai_vectors,
    "/bedrock/model/amazon.titan-embed-text-v2:0/invoke": lambda request: {"embedding": VECTOR, "inputTextTokenCount": 4},
    "/bedrock/model/amazon.titan-embed-text-v2%3A0/invoke": lambda request: {"embedding": VECTOR, "inputTextTokenCount": 4},
    "/bedrock/model/cohere.embed-english-v3/invoke": lambda request: {"embeddings": [VECTOR] * len(request.json["texts"])},
    "/google/v1beta/models/imagen-4:predict": lambda request: {"predictions": [{"bytesBase64Encoded": PNG, "mimeType": "image/png"}] * request.json["parameters"]["sampleCount"]},
    "/google/v1beta/models/gemini-image:generateContent": lambda request: {
        "candidates": [{"content": {"parts": [{"text": "Here."}, {"inlineData": {"mimeType": "image/png", "data": PNG}}]}}],
        "usageMetadata": {"promptTokenCount": 6, "candidatesTokenCount": 1290}},
    "/openai/deployments/dall/images/generations": lambda request: {"created": 1, "data": [{"b64_json": PNG}]},
    "/together/v1/images/generations": lambda request: {"id": "t", "model": "flux", "data": [{"index": 0, "b64_json": PNG}]},
    "/xai/v1/images/generations": lambda request: {"data": [{"b64_json": PNG, "revised_prompt": "p"}]},
}
ROWS = ("cohere v2", "voyage v1", "jina v1", "vllm v1", "mistral v1", "openai v1", "together v1", "xai v1")
MODELS = {"cohere": "cohere rerank-v3.5", "voyage": "voyage rerank-2", "jina": "jina j", "vllm": "vllm bge", "mistral": "mistral mistral-embed",
          "own": "openai e", "azure": "azure ada", "azure-image": "azure dall", "titan": "bedrock amazon.titan-embed-text-v2:0",
          "bedrock-cohere": "bedrock cohere.embed-english-v3", "imagen": "google imagen-4", "gemini-image": "google gemini-image",
          "together": "together flux", "xai": "xai grok-image"}
LOGGED = ("ai_units", "ai_unit", "ai_prompt_tokens", "ai_completion_tokens", "ai_usage_source", "ai_provider", "ai_model", "ai_dropped")


@pytest.fixture(scope="module")
def provider():
    provider = JsonProvider(ANSWERS)
    yield provider
    provider.close()


@pytest.fixture
def gateway(nginx, provider, tmp_path):
    provider.requests.clear()
    keys = KeyFile(tmp_path / "keys.json")
    key = keys.add("key-one", team="team-a")
    http = f"ai_keys {keys.path};"
    for name, path in (row.split() for row in ROWS):
        http += f"ai_provider {name} {{ url {provider.url}/{name}/{path}; key env:UPSTREAM; }}"
    http += f"""ai_provider azure {{ url {provider.url}; api_version 2024-06-01; key env:UPSTREAM; }}
        ai_provider google {{ format gemini; url {provider.url}/google/v1beta; key env:UPSTREAM; }}
        ai_provider bedrock {{ url {provider.url}/bedrock; region us-east-1; key env:UPSTREAM; }}"""
    http += "".join(f"ai_model {name} {{ target {to}; }}" for name, to in MODELS.items())
    made = nginx(main="env UPSTREAM;", env={"UPSTREAM": "upstream-secret"}, http=http, log_variables=LOGGED,
                 server="location / { ai_gateway; ai_auth keys; } location /drop/ { ai_gateway; ai_auth keys; ai_unsupported drop; }")
    made.key = key
    return made


def client(gateway):
    return openai.OpenAI(base_url=gateway.url + "/v1", api_key=gateway.key, max_retries=0)


def post(gateway, path, body):
    return httpx.post(gateway.url + path, json=body, headers={"authorization": f"Bearer {gateway.key}"}, trust_env=False)


def logged(gateway, **expected):
    entry = gateway.access(1)[-1]
    assert {name: entry[name] for name in expected} == expected


RERANK = {"query": "q", "documents": ["a", "bä"], "top_n": 2}


@pytest.mark.parametrize("path", ["/v1/rerank", "/v2/rerank"])
@pytest.mark.parametrize("model, units, tokens", [("cohere", "2", None), ("voyage", "1", "26"), ("jina", "1", "31"), ("vllm", "1", "31")])
def test_rerank(gateway, provider, path, model, units, tokens):
    got = post(gateway, path, {"model": model, **RERANK})
    assert got.status_code == 200 and got.json()["results"] == RESULTS, got.text
    sent = provider.last.json
    assert sent.pop("model") == MODELS[model].split()[1]
    assert sent == ({"query": "q", "documents": ["a", "bä"], "top_k": 2} if model == "voyage" else RERANK)
    logged(gateway, ai_units=units, ai_unit="calls", ai_usage_source="provider" if tokens else "estimated")
    assert tokens is None or gateway.access(1)[-1]["ai_prompt_tokens"] == tokens


@pytest.mark.skipif(sanitizing(), reason="its packages are those of the integration stage")
@pytest.mark.parametrize("model", ["cohere", "voyage", "jina"])
def test_the_vendors_client(gateway, provider, tmp_path, model):
    python = programs.python_folder("frameworks") / "bin" / "python"
    done = programs.run([python, ROOT / "t" / "integration" / "clients" / "cohere_rerank.py"], tmp_path / "home", tmp_path, FRAMEWORK_URL=gateway.url,
                        FRAMEWORK_KEY=gateway.key, FRAMEWORK_MODEL=model)
    assert done.returncode == 0, done.stderr[-4000:]
    assert done.outside == []
    assert [json.loads(line) for line in done.stdout.splitlines()] == [[[1, 0.9], [0, 0.25]]] * 2
    report.tell("frameworks", f"cohere (rerank) to {model}", programs.versions("frameworks", "cohere")[0])


@pytest.mark.parametrize("model", ["cohere", "voyage"])
def test_rerank_with_documents(gateway, provider, model):
    """Cohere's first version: documents are objects, and come back. The later one and Voyage know texts."""
    body = {"model": model, "query": "q", "documents": [{"text": "a"}, "b"], "return_documents": True}
    got = post(gateway, "/v1/rerank", body).json()
    assert [one["document"] for one in got["results"]] == [{"text": "b"}, {"text": "a"}] and got["id"]
    assert provider.last.json["documents"] == ["a", "b"] and "return_documents" not in provider.last.json


@pytest.mark.parametrize("model", ["cohere", "voyage"])
def test_what_rerank_cannot_carry(gateway, provider, model):
    for members, param in (({"rank_fields": ["a"]}, "rank_fields"), ({"documents": ["a", {"title": "b"}]}, "documents[1]"),
                           ({"top_n": 0}, "top_n")):
        got = post(gateway, "/v1/rerank", {"model": model, **RERANK, **members})
        assert got.status_code == 400 and got.json()["error"]["param"] == param
    assert not provider.requests
    got = post(gateway, "/v1/rerank", {"model": model, **RERANK, "max_tokens_per_doc": 9})
    assert got.status_code == (200 if model == "cohere" else 400)
    assert post(gateway, "/drop/v1/rerank", {"model": model, **RERANK, "rank_fields": ["a"]}).status_code == 200
    logged(gateway, ai_dropped="rank_fields")


EMBEDDING = ("own", "mistral", "voyage", "jina", "azure", "cohere", "titan", "bedrock-cohere")


@pytest.mark.parametrize("model", EMBEDDING)
def test_embeddings(gateway, provider, model):
    texts = ["a"] if model == "titan" else ["a", "b"]
    made = client(gateway).embeddings.create(model=model, input=texts)
    assert [one.embedding for one in made.data] == [VECTOR] * len(texts)
    entry = gateway.access(1)[-1]
    assert entry["ai_unit"] == "tokens" and int(entry["ai_units"]) > 0
    assert entry["ai_usage_source"] == ("estimated" if model == "bedrock-cohere" else "provider")


@pytest.mark.parametrize("model, name", [("mistral", "output_dimension"), ("voyage", "output_dimension"), ("jina", "dimensions"), ("cohere", "output_dimension"), ("titan", "dimensions")])
def test_dimensions(gateway, provider, model, name):
    client(gateway).embeddings.create(model=model, input=["a"], dimensions=256, user="u")
    sent = provider.last.json
    assert sent[name] == 256 and "user" not in sent and "encoding_format" not in sent
    logged(gateway, ai_dropped="user")


def test_embeddings_as_base64_keep_their_order(gateway):
    got = post(gateway, "/v1/embeddings", {"model": "mistral", "input": ["a", "b"], "encoding_format": "base64"}).json()
    assert [one["index"] for one in got["data"]] == [0, 1]
    assert struct.unpack("<3f", base64.b64decode(got["data"][0]["embedding"])) == tuple(VECTOR)


@pytest.mark.parametrize("model", ["imagen", "gemini-image", "azure-image", "together", "xai"])
def test_images(gateway, provider, model):
    made = client(gateway).images.generate(model=model, prompt="a fox", response_format="b64_json")
    assert made.data[0].b64_json == PNG
    logged(gateway, ai_units="1", ai_unit="images")


def test_images_of_google(gateway, provider):
    client(gateway).images.generate(model="imagen", prompt="a \"fox\"", n=3, size="1792x1024")
    assert provider.last.json == {"instances": [{"prompt": 'a "fox"'}], "parameters": {"sampleCount": 3, "aspectRatio": "16:9"}}
    logged(gateway, ai_units="3", ai_unit="images")
    client(gateway).images.generate(model="gemini-image", prompt="a fox", size="1024x1024")
    assert provider.last.json == {"contents": [{"role": "user", "parts": [{"text": "a fox"}]}],
                                  "generationConfig": {"responseModalities": ["TEXT", "IMAGE"], "imageConfig": {"aspectRatio": "1:1"}}}
    logged(gateway, ai_prompt_tokens="6", ai_completion_tokens="1290", ai_usage_source="provider")
    for members, param in (({"size": "3x4"}, "size"), ({"response_format": "url"}, "response_format"), ({"quality": "hd"}, "quality"), ({"n": 2}, "n")):
        got = post(gateway, "/v1/images/generations", {"model": "gemini-image", "prompt": "p", **members})
        assert got.status_code == 400 and got.json()["error"]["param"] == param


def test_rows_without_chat(gateway, provider):
    for model in ("voyage", "jina"):
        for path, body in (("chat/completions", {"messages": [{"role": "user", "content": "x"}]}), ("moderations", {"input": "x"})):
            got = post(gateway, "/v1/" + path, {"model": model, **body})
            assert got.status_code == 400 and got.json()["error"]["code"] == "unsupported_value"
    assert not provider.requests

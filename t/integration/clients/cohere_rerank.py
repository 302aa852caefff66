"""Cohere's own client, whose chats are not a caller's dialect here: rerank. One line of JSON for each version of its API."""
import json
import os

import cohere

KEY, URL, MODEL = (os.environ[f"FRAMEWORK_{name}"] for name in ("KEY", "URL", "MODEL"))
for client in (cohere.Client(api_key=KEY, base_url=URL), cohere.ClientV2(api_key=KEY, base_url=URL)):
    answer = client.rerank(model=MODEL, query="q", documents=["a", "bä"], top_n=2)
    print(json.dumps([[result.index, result.relevance_score] for result in answer.results]))

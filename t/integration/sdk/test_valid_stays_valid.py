"""Whatever one vendor takes, the other one takes after translation, or the gateway says what has no place there. Random requests
(lib/conversations.py) of a fixed seed; AIGW_SEED and AIGW_REQUESTS look further."""
import json
import os
import random

import pytest

from lib import conversations, report, vendor_rules
from lib.chat_gateway import KINDS
from lib.chat_model import ChatModel
from lib.client import post

PATHS = {"openai": "/v1/chat/completions", "anthropic": "/v1/messages"}
REQUESTS, SEED = int(os.environ.get("AIGW_REQUESTS", 150)), os.environ.get("AIGW_SEED", "1")
REFUSALS = ("is not supported by the model's provider", "messages holds nothing to answer")
MAKERS = {"openai": conversations.openai, "anthropic": conversations.anthropic}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dialect", KINDS)
def test_valid_stays_valid(gateway, dialect, kind):
    count, dice = REQUESTS, random.Random(SEED)
    mind = gateway.mocks[kind].mind = ChatModel()
    refused, wrong = 0, {}
    try:
        for _ in range(count):
            body = MAKERS[dialect](dice)
            assert vendor_rules.fault(dialect, body) == "", body
            answer = post(gateway.nginx.port, PATHS[dialect], {**body, "model": f"{kind}/claude-sonnet-4-5"}, key=gateway.key)
            complaint = mind.complaints.pop() if mind.complaints else ""
            if complaint or answer.status not in (200, 400):
                wrong.setdefault(complaint.split(":")[-1] or f"status {answer.status}: {answer.body}", (complaint, body))
            elif answer.status == 400:
                refused += 1
                assert any(words in answer.body.decode() for words in REFUSALS), answer.body
    finally:
        gateway.mocks[kind].mind = None
        gateway.reset()
    report.tell("random requests, translated", f"{dialect} to {kind}", f"{count - refused} answered, {refused} refused as unsupported")
    assert not wrong, f"{len(wrong)} kinds:\n" + "\n".join(f"{said}: {json.dumps(body)[:1500]}" for said, body in wrong.values())
    assert refused < (count / 2 if dialect != kind else 1)

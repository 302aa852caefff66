"""Bedrock on loopback: checks the signature of every request with AWS's own code (botocore), its body against AWS's own
description of the service, and answers as Converse, ConverseStream and InvokeModel of a Claude do.

    mock = mocks.bedrock()  ->  BedrockMock(); mock.credentials, mock.region, mock.plan(...) as of lib/mock.py
    options that count: text, think, tools, code, slice, gap, fail=error (an exception), fail=close, wrap=crc (a wrong checksum)
"""
import base64
import calendar
import json
import re
import struct
import time
import zlib

import botocore.session
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.validate import ParamValidator

from .mock import Mock
from .sender import Closed, Sender

MAX_SKEW = 60  # seconds; AWS takes 300
USAGE = {"inputTokens": 13, "outputTokens": 7, "totalTokens": 28, "cacheReadInputTokens": 5, "cacheWriteInputTokens": 3}


def frame(headers, payload):
    head = b"".join(bytes([len(name)]) + name.encode() + b"\x07" + struct.pack(">H", len(value)) + value.encode()
                    for name, value in headers.items())
    prelude = struct.pack(">II", 16 + len(head) + len(payload), len(head))
    prelude += struct.pack(">I", zlib.crc32(prelude))
    message = prelude + head + payload
    return message + struct.pack(">I", zlib.crc32(message))


def event(kind, payload, exception=False):
    kind_header, message = (":exception-type", "exception") if exception else (":event-type", "event")
    return frame({kind_header: kind, ":content-type": "application/json", ":message-type": message}, json.dumps(payload).encode())


def converse_events(options):
    """(type, payload), in order."""
    yield "messageStart", {"role": "assistant", "p": "abc"}
    block = 0
    if options.think:
        yield "contentBlockDelta", {"contentBlockIndex": 0, "delta": {"reasoningContent": {"text": options.think}}}
        yield "contentBlockDelta", {"contentBlockIndex": 0, "delta": {"reasoningContent": {"signature": "c2lnbmVk"}}}
        yield "contentBlockStop", {"contentBlockIndex": 0}
        block = 1
    for piece in re.findall(r"\S+\s*", options.text):
        yield "contentBlockDelta", {"contentBlockIndex": block, "delta": {"text": piece}, "p": "x"}
    yield "contentBlockStop", {"contentBlockIndex": block}
    for number in range(max(options.tools, 0)):
        block += 1
        tool = {"toolUseId": f"tooluse_{number}", "name": "weather"}
        yield "contentBlockStart", {"contentBlockIndex": block, "start": {"toolUse": tool}}
        for piece in ('{"city"', ': "Oslo"}'):
            yield "contentBlockDelta", {"contentBlockIndex": block, "delta": {"toolUse": {"input": piece}}}
        yield "contentBlockStop", {"contentBlockIndex": block}
    yield "messageStop", {"stopReason": "tool_use" if options.tools > 0 else "end_turn"}
    yield "metadata", {"usage": USAGE, "metrics": {"latencyMs": 3}}


def converse_answer(options):
    content = [{"reasoningContent": {"reasoningText": {"text": options.think, "signature": "c2lnbmVk"}}}] if options.think else []
    content.append({"text": options.text})
    content += [{"toolUse": {"toolUseId": f"tooluse_{n}", "name": "weather", "input": {"city": "Oslo"}}} for n in range(options.tools)]
    return {"output": {"message": {"role": "assistant", "content": content}}, "usage": USAGE, "metrics": {"latencyMs": 3},
            "stopReason": "tool_use" if options.tools > 0 else "end_turn"}


def claude_answer(options):
    return {"id": "msg_bdrk_1", "type": "message", "role": "assistant", "model": "claude", "stop_reason": "end_turn",
            "stop_sequence": None, "content": [{"type": "text", "text": options.text}],
            "usage": {"input_tokens": 13, "cache_read_input_tokens": 5, "cache_creation_input_tokens": 3, "output_tokens": 7}}


def claude_events(options):
    start = {**claude_answer(options), "content": [], "stop_reason": None}
    yield {"type": "message_start", "message": start}
    yield {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
    for piece in re.findall(r"\S+\s*", options.text):
        yield {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": piece}}
    yield {"type": "content_block_stop", "index": 0}
    yield {"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": None}, "usage": {"output_tokens": 7}}
    yield {"type": "message_stop"}


class BedrockSender(Sender):
    async def respond(self):
        record, options = self.record, self.options
        fault = record.bedrock.fault(record)
        if fault:
            return await self._refuse(*fault)
        if options.code != 200:
            return await self._refuse(options.code, "This is not to be.")
        action = record.path.rsplit("/", 1)[1].rsplit(":", 1)[-1]
        if action in ("converse", "invoke", "rawPredict"):
            answer = converse_answer(options) if action == "converse" else claude_answer(options)
            await self._answer(200, json.dumps(answer).encode())
            return True
        kind = "text/event-stream" if action == "streamRawPredict" else "application/vnd.amazon.eventstream"
        await self._write(f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
        self.framing = "chunked"
        await self._events(action)
        await self._write(b"0\r\n\r\n")
        return True

    async def _events(self, action):
        options = self.options
        place = 2 if options.at == "mid" else int(options.at) if options.at.isdigit() else -1
        for number, data in enumerate(self._frames(action)):
            if number == place and options.fail == "error":
                return await self._body(event("throttlingException", {"message": "Too many tokens, please wait."}, exception=True))
            if number == place and options.fail == "close":
                raise Closed
            if number == 3 and options.wrap == "crc":
                data = data[:-1] + bytes([data[-1] ^ 1])
            await self._body(data)
            await self.pause(options.gap)

    def _frames(self, action):
        if action == "converse-stream":
            return (event(kind, payload) for kind, payload in converse_events(self.options))
        events = claude_events(self.options)
        if action == "streamRawPredict":
            return (f"event: {e['type']}\ndata: {json.dumps(e)}\n\n".encode() for e in events)
        return (event("chunk", {"bytes": base64.b64encode(json.dumps(e).encode()).decode(), "p": "abcd"}) for e in events)

    async def _answer(self, status, body, extra=""):
        head = f"HTTP/1.1 {status} Mock\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n{extra}\r\n"
        await self._write(head.encode() + body)

    async def _refuse(self, status, message):
        kind = {400: "ValidationException", 403: "InvalidSignatureException"}.get(status, "ServiceUnavailableException")
        await self._answer(status, json.dumps({"message": message}).encode(), f"x-amzn-errortype: {kind}:http://internal/\r\n")
        return True


class BedrockMock(Mock):
    sender = BedrockSender

    def __init__(self, region="us-east-1", token=None, bearer=None, **options):
        self.region, self.bearer = region, bearer
        self.credentials = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", token)
        model = botocore.session.get_session().get_service_model("bedrock-runtime")
        self.shapes = {"converse": model.operation_model("Converse").input_shape,
                       "converse-stream": model.operation_model("ConverseStream").input_shape}
        super().__init__(**options)
        self.host = f"127.0.0.1:{self.port}"
        self.url = f"http://{self.host}"

    def _options(self, received):
        received.bedrock = self
        return super()._options(received)

    def fault(self, record):
        """(status, message) of what AWS would refuse, or nothing."""
        if self.bearer:
            if record.headers.get("authorization") != f"Bearer {self.bearer}":
                return 403, "Authentication failed: Please make sure your API Key is valid."
        elif record.headers.get("authorization") != self.authorization(record):
            return 403, "The request signature we calculated does not match the signature you provided."
        shape = self.shapes.get(record.path.rsplit("/", 1)[1])
        if shape is not None:
            report = ParamValidator().validate({"modelId": "m", **record.json}, shape)
            if report.has_errors():
                return 400, report.generate_report()
        return None

    def authorization(self, record):
        """The header as botocore writes it for this request, the headers being those that the sender signed."""
        date = record.headers.get("x-amz-date", "19700101T000000Z")
        if abs(calendar.timegm(time.strptime(date, "%Y%m%dT%H%M%SZ")) - time.time()) > MAX_SKEW:
            return "a signature of another time"
        if record.headers.get("x-amz-security-token") != self.credentials.token:
            return "another token"
        named = re.search(r"SignedHeaders=([^,]+)", record.headers.get("authorization", ""))
        names = set(named[1].split(";")) if named else set()
        must = {"host", "x-amz-date"} | {name for name in record.headers if name.startswith("x-amz")}
        if not must <= names:
            return f"a signature without {must - names}"
        request = AWSRequest("POST", f"http://{record.headers['host']}{record.path}", data=record.body,
                             headers={name: record.headers[name] for name in names})
        request.context["timestamp"] = date
        signer = SigV4Auth(self.credentials, "bedrock", self.region)
        canonical = signer.canonical_request(request)
        signature = signer.signature(signer.string_to_sign(request, canonical), request)
        return (f"AWS4-HMAC-SHA256 Credential={signer.scope(request)}, SignedHeaders="
                f"{signer.signed_headers(signer.headers_to_sign(request))}, Signature={signature}")

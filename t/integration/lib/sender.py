"""Puts an answer on the wire: the framing, the pace, and everything that can go wrong on the way."""
import asyncio
import itertools
import json
import socket
import struct
import zlib

from . import answers
from .answers import Event

BAD_UTF8 = b"\xff\xc3\x28\x80"
_BAD_UTF8_MARK = "\N{REPLACEMENT CHARACTER}"
HTML = b"<html><body><h1>It works!</h1></body></html>\n"
DETAIL = "pq: password authentication failed for user gateway at 10.1.2.3:5432"
EOL = {"lf": b"\n", "crlf": b"\r\n", "cr": b"\r"}


class ClientGone(Exception):
    """Whoever asked closed or reset the connection."""


class Closed(Exception):
    """The mock itself ended the connection, as its options told it."""


class Sender:
    def __init__(self, record, reader, writer):
        self.record, self.options = record, record.options
        self._reader, self._writer = reader, writer
        self._stream = record.stream and self.options.code == 200 and not self.options.body
        self.framing = self.options.framing or ("chunked" if self._stream else "length")

    # ---- bytes

    async def _write(self, data):
        step = self.options.slice or len(data) or 1
        for at in range(0, len(data), step):
            if self._reader.gone:
                raise ClientGone
            self._writer.write(data[at:at + step])
            await self._writer.drain()
            self.record.sent += len(data[at:at + step])
            if self.options.slice:
                await asyncio.sleep(0)

    async def pause(self, seconds):
        deadline = asyncio.get_running_loop().time() + seconds
        while (left := deadline - asyncio.get_running_loop().time()) > 0:
            if self._reader.gone:
                raise ClientGone
            await asyncio.sleep(min(left, 0.01))

    async def _body(self, data):
        if self.framing != "chunked":
            return await self._write(data)
        step = self.options.border or len(data) or 1
        await self._write(b"".join(_chunk(data[at:at + step]) for at in range(0, len(data), step)))

    # ---- faults

    async def _fault(self, place):
        if self.options.fail not in ("hang", "reset", "close") or self.options.at != place:
            return
        if self.options.fail == "hang":
            await self.pause(3600)
        if self.options.fail == "reset":
            raw = self._writer.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._writer.transport.abort()
        raise Closed

    async def _fault_at_event(self, number, middle):
        place = middle if self.options.at == "mid" else int(self.options.at) if self.options.at.isdigit() else -1
        if number != place:
            return
        if self.options.fail == "badchunk":
            await self._write(b"zz\r\nnot a chunk\r\n")
            raise Closed
        if self.options.fail in ("hang", "reset", "close"):
            await self._fault(self.options.at)

    # ---- the answer

    def compose(self):
        return answers.compose(self.record.json, self.options)

    def _payload(self):
        """Pieces of the body, in order."""
        options, record = self.options, self.record
        if options.fail == "longline":
            return itertools.chain([b"data: " if self._stream else b'{"x":"'], itertools.repeat(b"y" * 65536, options.mb * 16))
        if options.body == "html":
            return [HTML]
        if options.body == "empty":
            return []
        if options.code >= 400 or options.body:
            message = DETAIL if options.body == "detail" else None
            code = options.code if options.code >= 400 else 500
            return [json.dumps(answers.error_body(record.dialect, code, message, options.error_code)).encode()]
        if options.fail == "error" and not self._stream:
            return [json.dumps(answers.error_body(record.dialect, 500)).encode()]
        if not record.is_chat:
            return [json.dumps({"object": "list", "data": [{"id": "mock-model", "object": "model"}]}).encode()]
        reply = self.compose()
        if options.fail == "badutf8":
            reply.pieces.insert(0, _BAD_UTF8_MARK)
        if self._stream:
            events = answers.anthropic_events if record.dialect == "anthropic" else answers.openai_events
            return (self._encode(event) for event in self._changed(events(reply)))
        build = answers.anthropic_json if record.dialect == "anthropic" else answers.openai_json
        text = self._mangle(json.dumps(build(reply), ensure_ascii=False)).encode()
        text = text.replace(_BAD_UTF8_MARK.encode(), BAD_UTF8)
        return [text[:len(text) // 2], text[len(text) // 2:]]

    def _changed(self, events):
        """The dialect's events with what the options add, take away or put in their place."""
        options, number = self.options, 0
        place = 2 if options.at == "mid" else int(options.at) if options.at.isdigit() else -1
        for _ in range(0, options.pre, 800):
            yield self._empty_event()
        for event in events:
            if options.fail == "error" and number == place:
                body = answers.error_body(self.record.dialect, 529 if self.record.dialect == "anthropic" else 500)
                yield Event(json.dumps(body), "error" if self.record.dialect == "anthropic" else "")
                return
            if options.fail == "deep" and number == place:
                yield Event('{"type":"ping","choices":' + "[" * options.depth + "]" * options.depth + "}", event.name)
            if (event.terminal and options.fail in ("nodone", "nofinish")) or (event.finish and options.fail == "nofinish"):
                continue
            event.data = self._mangle(event.data)
            yield event
            if event.terminal and options.fail == "trailing":
                yield Event('{"choices":[{"index":0,"delta":{"content":"AFTER THE END"}}]}')
            number += 1

    def _empty_event(self):
        if self.record.dialect == "anthropic":
            return Event(json.dumps({"type": "ping", "pad": "p" * 740}), "ping")
        return Event(json.dumps({"id": "chatcmpl-mock", "object": "chat.completion.chunk", "pad": "p" * 640,
                                 "choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": None}]}))

    def _mangle(self, text):
        if self.options.fail == "deep" and not self._stream:
            return '{"choices":' + "[" * self.options.depth + "]" * self.options.depth + "}"
        if text.startswith("{") and self.options.wrap:
            return {"nulls": '{"id":null,"object":null,"choices":null,"content":null,"usage":null}',
                    "numbers": '{"id":1,"object":2,"choices":[3,4],"content":[5],"usage":6}',
                    "dup": text[:-1] + "," + text[1:]}[self.options.wrap]
        return text

    def _encode(self, event):
        eol = EOL[self.options.eol]
        lines = [b": a comment", b""] if self.options.comments else []
        if self.options.ids:
            lines += [b"id: 7", b"retry: 3000", b"", b"id: 8"]
        lines += [b"event: " + event.name.encode()] if event.name else []
        lines += [b"data: " + event.data.encode().replace(_BAD_UTF8_MARK.encode(), BAD_UTF8), b"", b""]
        return eol.join(lines)

    def _head(self, length):
        options = self.options
        kind = options.type or ("text/event-stream; charset=utf-8" if self._stream else
                                "text/html" if options.body == "html" else "application/json")
        fields = [f"HTTP/1.{0 if options.http10 else 1} {options.code} Mock", f"Content-Type: {kind}", "X-Request-Id: req_mock",
                  "Set-Cookie: session=provider", "Server: mock"]
        if options.code == 101:
            fields = [fields[0], "Upgrade: websocket", "Connection: upgrade"]
        elif self.framing == "chunked":
            fields.append("Transfer-Encoding: chunked")
        elif self.framing == "length":
            fields.append(f"Content-Length: {length}")
        if self.framing == "eof" and not options.http10:
            fields.append("Connection: close")
        fields += [f"Retry-After: {options.retry_after}"] if options.retry_after else []
        fields += [f"Location: {options.location}"] if options.location else []
        fields += [f"Content-Encoding: {options.coding}"] if options.gzip else []
        fields += ["X-Odd: before\rafter"] if options.cr_header else []
        fields += [f"X-Policy-{i}: {'v' * 1000}" for i in range(options.head_kb)]
        return "\r\n".join(fields).encode("latin-1") + b"\r\n\r\n"

    async def respond(self):
        """True: the connection may be used again."""
        options = self.options
        if options.second == "close" and self.record.index > 1:
            raise Closed
        await self.pause(options.wait)
        await self._fault("before")
        pieces = self._payload()
        pieces = _gzipped(pieces) if options.gzip else pieces
        if self.framing == "length":
            pieces = list(pieces)
        await self._write(b"HTTP/1.1 103 Early Hints\r\nLink: </x>; rel=preload\r\n\r\n" * options.hints)
        await self._write(self._head(sum(map(len, pieces)) if self.framing == "length" else 0))
        if options.fail == "trailing" and self.framing == "length":  # in one write: later it would be an answer to the next request
            pieces[-1] += b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nEXTRA"
        await self._fault("headers")
        if options.bom:
            await self._body(b"\xef\xbb\xbf")
        for number, piece in enumerate(pieces):
            await self._fault_at_event(number, 2 if self._stream else 1)
            await self._body(piece)
            await self.pause(options.gap)
        if self.framing == "chunked" and options.code != 101:
            await self._write(b"0\r\n\r\n")
        if options.idle >= 0:
            await asyncio.sleep(options.idle)
            raise Closed
        return self.framing != "eof" and not options.http10


def _chunk(data):
    return b"%x\r\n%s\r\n" % (len(data), data) if data else b""


def _gzipped(pieces):
    squeeze = zlib.compressobj(wbits=31)
    for piece in pieces:
        yield squeeze.compress(piece) + squeeze.flush(zlib.Z_SYNC_FLUSH)
    yield squeeze.flush()

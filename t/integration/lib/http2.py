"""Many requests at once on one HTTP/2 connection, without TLS, and callers who take theirs back."""
import json
import socket

import h2.config
import h2.connection
import h2.events


class Http2:
    def __init__(self, port, timeout=20):
        self._port = port
        self._socket = socket.create_connection(("127.0.0.1", port), timeout)
        self._protocol = h2.connection.H2Connection(config=h2.config.H2Configuration(header_encoding="utf-8"))
        self._protocol.initiate_connection()
        self._flush()
        self._status = {}   # stream -> status
        self._ended = set()

    def _flush(self):
        self._socket.sendall(self._protocol.data_to_send())

    def post(self, path, body, headers=None):
        """Sends a request; its stream's number."""
        data = json.dumps(body).encode()
        stream = self._protocol.get_next_available_stream_id()
        self._protocol.send_headers(stream, [(":method", "POST"), (":scheme", "http"), (":authority", f"127.0.0.1:{self._port}"),
                                             (":path", path), ("content-type", "application/json"),
                                             ("content-length", str(len(data))), *(headers or {}).items()])
        self._protocol.send_data(stream, data, end_stream=True)
        self._flush()
        return stream

    def reset(self, stream):
        self._protocol.reset_stream(stream, error_code=8)  # CANCEL
        self._flush()

    def status(self, stream):
        """Of the whole answer, once it is there."""
        while stream not in self._ended:
            data = self._socket.recv(65536)
            assert data, "the connection was closed"
            for event in self._protocol.receive_data(data):
                if isinstance(event, h2.events.ResponseReceived):
                    self._status[event.stream_id] = int(dict(event.headers)[":status"])
                elif isinstance(event, h2.events.DataReceived):
                    self._protocol.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                elif isinstance(event, (h2.events.StreamEnded, h2.events.StreamReset)):
                    self._ended.add(event.stream_id)
            self._flush()
        return self._status.get(stream)

    def close(self):
        self._socket.close()

"""Server-sent events and WebSockets that show everything. Standard library only."""

import base64
import os
import struct

from http_client import HttpClient


class EventStream:
    """Events of one response, as a browser's EventSource reads them."""

    def __init__(self, port, path, last_id=None, timeout=60.0, **options):
        self.client = HttpClient(port, timeout=timeout, **options)
        headers = {} if last_id is None else {"Last-Event-ID": last_id}
        self.client.send("GET", path, headers=headers)
        self.response = self.client.read(head_only=True)
        self.last_id = last_id
        self.comments = []
        self._text = ""
        self._chunks = self.client.chunks()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.client.close()

    def event(self):
        """The next (name, data); None at the end. EOFError if the connection breaks off."""
        while True:
            name, data = "message", []
            for line in self._block():
                field, _, value = line.partition(":")
                value = value.removeprefix(" ")
                if field == "":
                    self.comments.append(value)
                elif field == "id":
                    self.last_id = value
                elif field == "event":
                    name = value
                elif field == "data":
                    data.append(value)
            if data:
                return name, "\n".join(data)

    def _block(self):
        while "\n\n" not in self._text:
            try:
                self._text += next(self._chunks).decode()
            except (ValueError, StopIteration):  # Not even the length of a chunk.
                raise EOFError("the stream has ended") from None
        block, self._text = self._text.split("\n\n", 1)
        return block.split("\n")


TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


def frame(opcode, payload, final=True, mask=b"\x01\x02\x03\x04", flags=0):
    """A frame as a client sends it; without a mask: as it must not."""
    size = len(payload)
    masked = 0x80 if mask else 0
    if size < 126:
        length = bytes([masked | size])
    elif size < 65536:
        length = bytes([masked | 126]) + struct.pack(">H", size)
    else:
        length = bytes([masked | 127]) + struct.pack(">Q", size)
    if mask:
        key = int.from_bytes((mask * (size // 4 + 1))[:size], "big")
        payload = (int.from_bytes(payload, "big") ^ key).to_bytes(size, "big")
    return bytes([(0x80 if final else 0) | flags | opcode]) + length + (mask or b"") + payload


class WebSocket:
    """One WebSocket connection; refused ones have `response` with another status than 101."""

    def __init__(self, port, protocol=None, headers=(), timeout=60.0, **options):
        self.client = HttpClient(port, timeout=timeout, **options)
        key = base64.b64encode(os.urandom(16)).decode()
        fields = {"Upgrade": "websocket", "Connection": "keep-alive, Upgrade", "Sec-WebSocket-Version": "13",
                  "Sec-WebSocket-Key": key, **dict(headers)}
        if protocol:
            fields["Sec-WebSocket-Protocol"] = protocol
        self.client.send("GET", "/v1/ws", headers=fields)
        self.response = self.client.read()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.client.close()

    def send_raw(self, data):
        self.client.send_raw(data)

    def send(self, opcode, payload):
        self.send_raw(frame(opcode, payload))

    def read(self):
        """The next frame as (opcode, payload); EOFError at the end."""
        first, second = self._take(2)
        assert first & 0x70 == 0 and second & 0x80 == 0, "a server's frame has no flags and no mask"
        size = second
        if size == 126:
            size = struct.unpack(">H", self._take(2))[0]
        elif size == 127:
            size = struct.unpack(">Q", self._take(8))[0]
        assert first & 0x80, "what the server sends is whole"
        return first & 0x0f, self._take(size)

    def closed_with(self):
        """Reads to the end; gives the code of the close."""
        code = None
        try:
            while True:
                opcode, payload = self.read()
                if opcode == CLOSE:
                    code = struct.unpack(">H", payload[:2])[0] if payload else 1005
        except (EOFError, ConnectionResetError):
            return code

    def _take(self, count):
        data = self.client.file.read(count)
        if len(data) < count:
            raise EOFError("the server has closed the connection")
        return data

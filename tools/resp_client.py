"""A small Redis client that keeps every reply's exact type. Standard library only.

A reply is a tuple (kind, value):

    ("+", bytes) simple string     ("-", bytes) error          (":", bytes) integer, as its digits
    ("$", bytes) bulk string       ("*", list)  array          ("%", list)  map, key and value by turns
    ("~", list)  set               (">", list)  push           (",", bytes) double, as its digits
    ("#", bytes) boolean, t or f   ("(", bytes) big number     ("=", bytes) verbatim, with its txt:
    ("!", bytes) bulk error        ("|", list)  attribute, before the reply it belongs to
    ("$nil", None), ("*nil", None) RESP2's two nulls           ("_", None)  RESP3's null
"""

import select
import socket
import time

DEFAULT_TIMEOUT = 20.0


class Closed(ConnectionError):
    """The server closed the connection."""


class RespError(Exception):
    """An error reply, where Client.call expected another."""


class ProtocolError(Exception):
    """The server sent what is no reply."""


def encode(arguments):
    """A command as bytes. Arguments are bytes, str or numbers."""
    parts = [b"*%d\r\n" % len(arguments)]
    for argument in arguments:
        if not isinstance(argument, bytes):
            argument = str(argument).encode()
        parts.append(b"$%d\r\n%s\r\n" % (len(argument), argument))
    return b"".join(parts)


def parse_address(text):
    """("127.0.0.1", 6379) from tcp:127.0.0.1:6379 or 127.0.0.1:6379."""
    host, _, port = text.removeprefix("tcp:").rpartition(":")
    return host or "127.0.0.1", int(port)


class Client:
    """One connection. Not for several threads at once."""

    def __init__(self, host, port, timeout=DEFAULT_TIMEOUT, tls=None):
        """`tls`: an ssl.SSLContext, if the connection is to be encrypted."""
        self.timeout = timeout
        self.socket = socket.create_connection((host, port), timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket, server_hostname=host)
        self._buffer = bytearray()
        self._at = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, *arguments):
        self.send_bytes(encode(arguments))

    def send_bytes(self, data):
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError) as error:
            raise Closed(str(error)) from error

    def call(self, *arguments):
        """Sends a command, gives its reply as a plain Python value; an error reply is raised."""
        self.send(*arguments)
        return plain(self.read())

    def try_call(self, *arguments):
        """The same, but gives a RespError back instead of raising it."""
        try:
            return self.call(*arguments)
        except RespError as error:
            return error

    def read(self, timeout=None):
        """The next reply. Raises socket.timeout (TimeoutError) and Closed."""
        self.socket.settimeout(self.timeout if timeout is None else timeout)
        return self._reply()

    def read_bytes(self, count, timeout=None):
        self.socket.settimeout(self.timeout if timeout is None else timeout)
        return self._take(count)

    def unread(self):
        """What has arrived and was not read. Does not wait."""
        while select.select([self.socket], [], [], 0)[0]:
            try:
                data = self.socket.recv(65536)
            except ConnectionResetError:
                break
            if not data:
                break
            self._buffer += data
        return bytes(self._buffer[self._at:])

    def wait_closed(self, timeout=None):
        """Waits for the server to close; gives what it sent before."""
        self.socket.settimeout(self.timeout if timeout is None else timeout)
        try:
            while True:
                self._fill()
        except (Closed, ConnectionResetError):
            return bytes(self._buffer[self._at:])

    def _fill(self):
        if self._at > 65536:
            del self._buffer[:self._at]
            self._at = 0
        try:
            data = self.socket.recv(262144)
        except ConnectionResetError as error:
            raise Closed("connection reset by the server") from error
        if not data:
            raise Closed("connection closed by the server")
        self._buffer += data

    def _line(self):
        searched = self._at
        while True:
            end = self._buffer.find(b"\r\n", searched)
            if end >= 0:
                line = bytes(self._buffer[self._at:end])
                self._at = end + 2
                return line
            searched = max(self._at, len(self._buffer) - 1)
            before = self._at
            self._fill()
            searched -= before - self._at

    def _take(self, count):
        while len(self._buffer) - self._at < count:
            self._fill()
        data = bytes(self._buffer[self._at:self._at + count])
        self._at += count
        return data

    def _reply(self):
        line = self._line()
        if not line:
            raise ProtocolError("an empty line where a reply should start")
        kind, rest = chr(line[0]), line[1:]
        if kind in "+-:,#(":
            return kind, rest
        if kind == "_" and not rest:
            return "_", None
        if kind in "$=!*%~>|" and _is_length(rest):
            count = int(rest)
            if kind in "$*" and count == -1:
                return kind + "nil", None
            if count >= 0:
                return kind, self._body(kind, count)
        raise ProtocolError(f"{line[:80]!r} is no reply")

    def _body(self, kind, count):
        if kind in "$=!":
            data = self._take(count + 2)
            if not data.endswith(b"\r\n"):
                raise ProtocolError(f"a string of {count} bytes is not followed by CR LF")
            return data[:-2]
        return [self._reply() for _ in range(2 * count if kind in "%|" else count)]


def _is_length(digits):
    return digits == b"-1" or (digits.isdigit() and (digits == b"0" or digits[:1] != b"0"))


def plain(reply):
    """A reply as a Python value: bytes, int, float, bool, list, dict, None. Errors are raised."""
    kind, value = reply
    if kind in "-!":
        raise RespError(value.decode(errors="replace"))
    if kind in ("$nil", "*nil", "_"):
        return None
    if kind in ":(":
        return int(value)
    if kind == ",":
        return float(value)
    if kind == "#":
        return value == b"t"
    if kind == "=":
        return value[4:]
    if kind in "*~>":
        return [_plain_inside(item) for item in value]
    if kind == "%":
        return {_key(_plain_inside(k)): _plain_inside(v) for k, v in zip(value[::2], value[1::2])}
    return value


def _plain_inside(reply):
    """Inside of an aggregate an error is a value, as in the reply of EXEC."""
    try:
        return plain(reply)
    except RespError as error:
        return error


def _key(value):
    return tuple(value) if isinstance(value, list) else value


def wait_until(condition, limit=30.0, what="the condition"):
    """Calls condition() until it gives something true, and gives that. Raises TimeoutError."""
    end = time.monotonic() + limit
    pause = 0.002
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise TimeoutError(f"waited {limit:g} s in vain for {what}")
        time.sleep(pause)
        pause = min(pause * 1.5, 0.05)

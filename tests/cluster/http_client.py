"""An HTTP/1.1 client that shows everything: requests as bytes, responses one by one. Standard library only."""

import base64
import json
import socket


class Response:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers  # By lower-case name.
        self.body = body

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def error(self):
        return self.json["error"]

    @property
    def etag(self):
        return self.headers.get("etag")

    @property
    def revision(self):
        return int(self.headers["mydis-revision"])

    def __repr__(self):
        return f"{self.status} {self.headers} {self.body[:300]!r}"


class HttpClient:
    """One connection, kept open."""

    def __init__(self, port, host="127.0.0.1", timeout=30.0, token=None):
        self.socket = socket.create_connection((host, port), timeout=timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = self.socket.makefile("rb")
        self.token = token

    def close(self):
        self.file.close()
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def send_raw(self, data):
        self.socket.sendall(data)

    def send(self, method, path, body=None, headers=()):
        lines = [f"{method} {path} HTTP/1.1", "Host: mydis"]
        lines += [f"{name}: {value}" for name, value in dict(headers).items()]
        if self.token is not None:
            lines.append(f"Authorization: Bearer {self.token}")
        if body is not None:
            lines.append(f"Content-Length: {len(body)}")
        self.send_raw("\r\n".join(lines).encode() + b"\r\n\r\n" + (body or b""))

    def read(self, head_only=False):
        """The next response. A response of status 100 is one, too."""
        line = self.file.readline()
        if not line:
            raise EOFError("the server has closed the connection")
        status = int(line.split()[1])
        headers = {}
        while (line := self.file.readline()) not in (b"\r\n", b""):
            name, _, value = line.decode().partition(":")
            headers[name.lower()] = value.strip()
        if head_only or status < 200 or status in (204, 304):
            return Response(status, headers, b"")
        if headers.get("transfer-encoding") == "chunked":
            return Response(status, headers, b"".join(self.chunks()))
        if "content-length" in headers:
            return Response(status, headers, self.file.read(int(headers["content-length"])))
        return Response(status, headers, self.file.read())

    def chunks(self):
        while size := int(self.file.readline().split(b";")[0], 16):
            yield self.file.read(size)
            self.file.readline()
        self.file.readline()

    def call(self, method, path, body=None, **headers):
        """One request; header names have _ for -."""
        self.send(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        return self.read(head_only=method == "HEAD")

    def get(self, path, **headers):
        return self.call("GET", path, **headers)

    def put(self, path, body, **headers):
        return self.call("PUT", path, body, **headers)

    def delete(self, path, **headers):
        return self.call("DELETE", path, **headers)

    def command(self, *words, query=""):
        return self.call("POST", "/v1/commands" + query, json.dumps([as_json(w) for w in words]).encode())

    def batch(self, commands, query="", **more):
        commands = [[as_json(word) for word in words] for words in commands]
        return self.call("POST", "/v1/commands:batch" + query,
                         json.dumps({"commands": commands, **more}).encode())

    def ended(self):
        """Whether nothing but the end comes."""
        return self.file.read(1) == b""


def as_json(word):
    """A word of a command, bytes included."""
    if isinstance(word, bytes):
        try:
            return word.decode()
        except UnicodeDecodeError:
            return {"b64": base64.b64encode(word).decode()}
    return word

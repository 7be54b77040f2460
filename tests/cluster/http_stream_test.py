#!/usr/bin/python3
"""HTTP that lasts, through followers of three while instances die: server-sent events, long polls, WebSockets."""

import json
import os
import shutil
import struct
import subprocess
import threading

from event_client import BINARY, CLOSE, PING, PONG, TEXT, EventStream, WebSocket, frame
from http_client import HttpClient
from support import ClusterTest, encode, main, npm_install, wait_until

_HERE = os.path.dirname(os.path.realpath(__file__))
END = "w:end"


class EventWatcher:
    """An EventSource in a thread: goes on at the next instance, with its last id, until the key END changes."""

    def __init__(self, instances, path, last_id):
        self.instances = list(instances)
        self.path = path
        self.last_id = last_id
        self.events = []  # (revision, name, key), but for those of a revision that is not complete.
        self.moves = 0
        self.error = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        try:
            while not self._watch(self.instances[0]):
                self.moves += 1
                self.instances.append(self.instances.pop(0))
                self.events = [event for event in self.events if event[0] <= int(self.last_id)]
        except Exception as error:  # noqa: BLE001: told by the test
            self.error = error

    def _watch(self, instance):
        """True: it is through."""
        try:
            with EventStream(instance.http_port, self.path, self.last_id) as stream:
                if stream.response.status == 503:
                    return False
                assert stream.response.status == 200, stream.response
                while True:
                    name, data = stream.event()
                    self.last_id = stream.last_id
                    change = json.loads(data)
                    if change.get("key") == END or change.get("message") == END:
                        return True
                    self.events.append((change["revision"], name, change.get("key", change.get("message"))))
        except (EOFError, OSError):
            return False

    def join(self, test):
        self._thread.join(60)
        test.assertFalse(self._thread.is_alive(), "the watcher does not end")
        if self.error:
            raise self.error
        return self.events


class Events(ClusterTest):
    def test_nothing_is_lost_or_doubled_while_instances_die(self):
        cluster = self.cluster()
        leader, (first, second) = cluster.roles()
        begin = first.call("MYDIS", "KEEPHISTORY", "CHANGES")
        path = f"/v1/watch?prefix=w:&from={begin}"
        watchers = [EventWatcher(order, path, None)
                    for order in ([second, first, leader], [first, leader, second], [leader, second, first])]
        for watcher in watchers:
            watcher.last_id = str(begin)
        expected = []

        def write(count):
            with HttpClient(second.http_port) as client:
                for _ in range(count):
                    i = len(expected)
                    if i % 3 == 2:
                        answer = client.command("MSET", f"w:a{i}", "x", f"w:b{i}", "x")
                        revision = answer.json["revision"]
                        expected.append((revision, "put", f"w:a{i}"))
                        expected.append((revision, "put", f"w:b{i}"))
                        continue
                    answer = client.put(f"/v1/keys/w:{i}", b"x")
                    self.assertEqual(answer.status, 201, answer)
                    expected.append((int(answer.etag.strip('"')), "put", f"w:{i}"))

        write(100)
        leader.kill()
        write(100)
        leader.start()
        first.kill()
        write(100)
        second.call("SET", END, "1")
        for watcher in watchers:
            self.assertEqual(watcher.join(self), expected)
        self.assertEqual([watcher.moves > 0 for watcher in watchers], [False, True, True])

    def test_what_is_gone_is_said_and_the_stream_goes_on(self):
        cluster = self.cluster()
        follower = cluster.followers()[0]
        follower.call("CONFIG", "SET", "watch-history-bytes", "100kb")
        begin = follower.call("MYDIS", "KEEPHISTORY", "CHANGES")
        with follower.connect() as client:
            for i in range(5000):
                client.send("SET", f"w:{i}" + "k" * 100, i)
            for i in range(5000):
                client.read()
        with EventStream(follower.http_port, "/v1/watch?prefix=w:", str(begin)) as stream:
            name, data = stream.event()
            gone = json.loads(data)
            self.assertEqual((name, gone["revision"]), ("gone", begin + 5000))
            self.assertGreater(gone["oldest"], begin)
            # Who comes back by itself goes on from there.
            self.assertEqual(stream.last_id, str(begin + 5000))
            follower.call("SET", "w:new", "1")
            name, data = stream.event()
            self.assertEqual((name, json.loads(data)["key"]), ("put", "w:new"))
        with HttpClient(follower.http_port) as client:
            answer = client.get(f"/v1/watch?prefix=w:&wait=10s&from={begin}")
            self.assertEqual((answer.status, answer.error["code"], answer.error["revision"]),
                             (410, "GONE", begin + 5001))
            # The connection serves other requests.
            self.assertEqual(client.get("/v1/keys/w:new").body, b"1")

    def test_values_bytes_and_whole_databases(self):
        cluster = self.cluster()
        follower = cluster.followers()[0]
        with EventStream(follower.http_port, "/v1/watch?values=true&db=3") as stream:
            self.assertEqual(stream.response.headers["content-type"], "text/event-stream")
            with follower.connect() as client:
                client.call("SELECT", 3)
                client.call("SET", b"\xff", b"\x00\xfe")
                client.call("RPUSH", "list", "a")
                client.call("SET", "line\nbreak", "a\nb")
                client.call("FLUSHDB")
            events = [stream.event() for _ in range(4)]
        names = [name for name, _ in events]
        self.assertEqual(names, ["put", "put", "put", "flush"])
        changes = [json.loads(data) for _, data in events]
        self.assertEqual(changes[0]["key"], {"b64": "/w=="})
        self.assertIn(changes[0]["value"], ({"b64": "AP4="}, None))
        self.assertEqual((changes[1]["type"], changes[1]["value"]), ("list", None))
        self.assertEqual(changes[2]["key"], "line\nbreak")
        self.assertIsNone(changes[3]["key"])

    def test_long_polls(self):
        cluster = self.cluster()
        leader, (follower, _) = cluster.roles()
        other = cluster.followers()[1]
        begin = other.call("MYDIS", "KEEPHISTORY", "CHANGES")
        with HttpClient(follower.http_port, timeout=60) as client:
            revision, heard = begin, []
            for i in range(20):
                client.send("GET", f"/v1/watch?prefix=w:&wait=30s&from={revision}")
                if i == 10:
                    leader.kill()
                other.call("MSET", f"w:a{i}", "1", f"w:b{i}", "1")
                answer = client.read().json
                self.assertGreater(answer["revision"], revision)
                revision = answer["revision"]
                heard += [change["key"] for change in answer["events"]]
            self.assertEqual(heard, [f"w:{x}{i}" for i in range(20) for x in "ab"])
            answer = client.get(f"/v1/watch?prefix=w:&wait=1s&from={revision}").json
            self.assertEqual(answer["events"], [])
            self.assertGreaterEqual(answer["revision"], revision)
            wait_until(lambda: follower.info("mydis")["watches"] == "0", 30, "the end of the last one")
        # Who leaves watches no more.
        with HttpClient(follower.http_port) as client:
            client.send("GET", "/v1/watch?wait=60s")
            wait_until(lambda: follower.info("mydis")["watches"] == "1", 30, "the watch")
        wait_until(lambda: follower.info("mydis")["watches"] == "0", 30, "its end")
        with EventStream(follower.http_port, "/v1/watch"):
            wait_until(lambda: follower.info("mydis")["watches"] == "1", 30, "the watch")
        wait_until(lambda: follower.info("mydis")["watches"] == "0", 30, "its end")

    def test_channels(self):
        cluster = self.cluster()
        leader, (first, second) = cluster.roles()
        begin = first.call("MYDIS", "KEEPHISTORY", "MESSAGES")
        channel = f"/v1/channels/w%2Fnews/messages"
        watchers = [EventWatcher([first, second], f"{channel}?from={begin}", None),
                    EventWatcher([leader, second], f"/v1/channels/w%2F*/messages?pattern=true&from={begin}", None)]
        for watcher in watchers:
            watcher.last_id = str(begin)
        sent = []
        with HttpClient(second.http_port, timeout=60) as client:
            def publish(count):
                for _ in range(count):
                    answer = client.call("POST", channel, f"line {len(sent)}\n".encode())
                    self.assertEqual(answer.status, 200, answer)
                    sent.append((answer.json["revision"], "message", f"line {len(sent)}\n"))

            publish(50)
            leader.kill()
            publish(50)
            client.call("POST", channel, END.encode())
            for watcher in watchers:
                self.assertEqual(watcher.join(self), sent)
            # A subscriber of Redis's kind counts, and gets the same.
            with second.connect() as subscriber:
                subscriber.call("SUBSCRIBE", "w/news")
                answer = client.call("POST", channel, b"\xff\x00").json
                self.assertEqual(answer["receivers"], 1)
                self.assertEqual(subscriber.read()[1][2][1], b"\xff\x00")
            poll = client.get(f"{channel}?wait=5s&from={answer['revision'] - 1}").json
            self.assertEqual([event["message"] for event in poll["events"]], [{"b64": "/wA="}])

    def test_rights(self):
        cluster = self.cluster()
        leader, (follower, _) = cluster.roles()
        leader.call("ACL", "SETUSER", "u", "on", ">pw", "~app:*", "&news", "+@all", "-@admin")
        cluster.wait_equal()
        port, token = follower.http_port, "u:pw"
        with HttpClient(port, token=token) as client:
            self.assertEqual(client.get("/v1/watch").status, 403)
            self.assertEqual(client.get("/v1/watch?prefix=other&wait=1s").status, 403)
            self.assertEqual(client.get("/v1/channels/sport/messages").status, 403)
            self.assertEqual(client.get("/v1/channels/n*/messages?pattern=true").status, 403)
            self.assertEqual(client.call("POST", "/v1/channels/sport/messages", b"x").status, 403)
            self.assertEqual(client.get("/v1/watch?prefix=app:&from=x").status, 400)
            self.assertEqual(client.get("/v1/watch?prefix=app:&from=99999999").status, 400)
            self.assertEqual(client.get("/v1/watch?prefix=app:&wait=2h").status, 400)
            self.assertEqual(client.get("/v1/watch?prefix=app:&token=x").status, 400)
            self.assertEqual(client.call("POST", "/v1/watch", b"").status, 405)
        with HttpClient(port, token="u:wrong") as client:
            self.assertEqual(client.get("/v1/watch?prefix=app:").status, 401)
        with EventStream(port, "/v1/watch?prefix=app:", token=token) as stream:
            leader.call("SET", "app:1", "1")
            self.assertEqual(json.loads(stream.event()[1])["key"], "app:1")
            leader.call("ACL", "SETUSER", "u", "resetkeys")
            with self.assertRaises((EOFError, ConnectionResetError)):
                stream.event()


class WebSockets(ClusterTest):
    def json(self, instance, **options):
        socket = WebSocket(instance.http_port, "mydis.json", **options)
        self.addCleanup(socket.client.close)
        self.assertEqual((socket.response.status, socket.response.headers.get("sec-websocket-protocol")),
                         (101, "mydis.json"), socket.response)
        return socket

    def ask(self, socket, *messages):
        for message in messages:
            socket.send(TEXT, json.dumps(message).encode())
        answers = [socket.read() for _ in messages]
        self.assertEqual({opcode for opcode, _ in answers}, {TEXT})
        answers = [json.loads(text) for _, text in answers]
        return answers if len(answers) > 1 else answers[0]

    def test_commands_as_json(self):
        cluster = self.cluster()
        socket = self.json(cluster.followers()[0])
        answer = self.ask(socket, ["SET", "k", "v"])
        self.assertEqual((answer["result"], set(answer)), ("OK", {"result", "revision"}))
        self.assertEqual(self.ask(socket, {"id": 7, "command": ["GET", "k"]})["id"], 7)
        answers = self.ask(socket, {"id": "a", "command": ["INCR", "n"]}, ["MULTI"], ["INCR", "n"], ["GET", "k"],
                           {"id": None, "command": ["EXEC"]}, ["HSET", "h", "f", {"b64": "/w=="}], ["HGETALL", "h"])
        self.assertEqual(answers[0] | {"revision": 0}, {"id": "a", "result": 1, "revision": 0})
        self.assertEqual([answer["result"] for answer in answers[1:]],
                         ["OK", "QUEUED", "QUEUED", [2, "v"], 1, {"f": {"b64": "/w=="}}])
        # Errors keep their places, also those of what was not sent.
        answers = self.ask(socket, ["INCR", "h"], {"id": 1, "command": "x"}, ["NOSUCH"], {"commands": []}, [],
                           ["HELLO", "3"], ["MONITOR"], ["CLIENT", "REPLY", "OFF"], ["RESET"], ["PING"])
        self.assertEqual([answer.get("error", {}).get("code") for answer in answers],
                         ["WRONGTYPE"] + ["ERR"] * 8 + [None])
        self.assertEqual((answers[1]["id"], answers[-1]["result"]), (1, "PONG"))
        socket.send(TEXT, b"no json")
        self.assertIn("error", json.loads(socket.read()[1]))
        # As every session: its database, blocking commands.
        self.assertEqual(self.ask(socket, ["SELECT", "5"], ["DBSIZE"], ["BLPOP", "list", "0.01"])[1:],
                         [{"result": 0, "revision": answers[-1]["revision"]},
                          {"result": None, "revision": answers[-1]["revision"]}])

    def test_pushes_as_json(self):
        cluster = self.cluster()
        leader, (follower, _) = cluster.roles()
        socket = self.json(follower)
        socket.send(TEXT, b'{"id":1,"command":["SUBSCRIBE","a","b"]}')
        self.assertEqual([json.loads(socket.read()[1]) for _ in range(2)],
                         [{"push": ["subscribe", "a", 1]}, {"push": ["subscribe", "b", 2]}])
        answer = json.loads(socket.read()[1])
        self.assertEqual((answer["id"], answer["result"]), (1, "OK"))
        leader.call("PUBLISH", "b", "x")
        self.assertEqual(json.loads(socket.read()[1]), {"push": ["message", "b", "x"]})
        self.assertEqual(self.ask(socket, ["PING"])["result"], "PONG")
        answer = self.ask(socket, {"id": 2, "command": ["MYDIS", "FOLLOW", "w:"]})
        self.assertEqual(answer["result"]["watch"], 1)
        revision = answer["result"]["revision"]
        for i in range(10):
            if i == 5:
                leader.kill()
            follower.call("SET", f"w:{i}", i)
            push = json.loads(socket.read()[1])["push"]
            self.assertEqual((push[0], push[3:6]), ("watch-change", [True, "put", f"w:{i}"]))
            self.assertGreater(push[2], revision)
            revision = push[2]
        self.assertIn("error", self.ask(socket, ["UNSUBSCRIBE"]))
        self.assertEqual(self.ask(socket, ["MULTI"])["result"], "OK")
        self.assertIn("error", self.ask(socket, ["SUBSCRIBE", "c"]))

    def test_resp3(self):
        cluster = self.cluster()
        leader, (follower, _) = cluster.roles()
        with WebSocket(follower.http_port, "unknown, mydis.resp3") as socket:
            self.assertEqual(socket.response.headers["sec-websocket-protocol"], "mydis.resp3")
            value = b"v" * 3_000_000
            data = encode(["SET", "k", value]) + encode(["GET", "k"]) + encode(["HGETALL", "none"])
            expected = b"+OK\r\n$%d\r\n%s\r\n%%0\r\n" % (len(value), value)
            # Messages need not be whole commands.
            for size in 1000, 100_000, len(data):
                for start in range(0, len(data), size):
                    socket.send(BINARY, data[start:start + size])
                got = b""
                while len(got) < len(expected):
                    opcode, payload = socket.read()
                    self.assertEqual(opcode, BINARY)
                    got += payload
                self.assertEqual(got, expected)
            leader.kill()
            socket.send(BINARY, encode(["SET", "k", "after"]))
            self.assertEqual(socket.read(), (BINARY, b"+OK\r\n"))
            socket.send(BINARY, encode(["SUBSCRIBE", "c"]))
            self.assertEqual(socket.read(), (BINARY, b">3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n"))
            socket.send(BINARY, encode(["QUIT"]))
            self.assertEqual(socket.read(), (BINARY, b"+OK\r\n"))
            self.assertEqual(socket.closed_with(), 1001)

    def test_frames(self):
        cluster = self.cluster(1)
        instance = cluster[0]
        ping = json.dumps(["PING"]).encode()
        pong = b'{"result":"PONG","revision":'
        for data, expected in (
                (frame(TEXT, ping[:4], final=False) + frame(PING, b"p") + frame(0, b"", final=False)
                 + frame(0, ping[4:]), [(PONG, b"p"), (TEXT, pong)]),
                (frame(PING, b"x" * 125), [(PONG, b"x" * 125)]),
                (frame(PONG, b"unasked") + frame(TEXT, ping), [(TEXT, pong)]),
                (frame(TEXT, ping, mask=b"\0\0\0\0"), [(TEXT, pong)])):
            for piece in 1, 3, len(data):
                socket = self.json(instance)
                for start in range(0, len(data), piece):
                    socket.send_raw(data[start:start + piece])
                got = sorted(socket.read() for _ in expected)
                for (opcode, payload), (wanted, start) in zip(got, sorted(expected)):
                    self.assertEqual((opcode, payload[:len(start)]), (wanted, start))
                socket.send(CLOSE, struct.pack(">H", 1000) + b"bye")
                self.assertEqual(socket.read(), (CLOSE, struct.pack(">H", 1000)))
                self.assertEqual(socket.closed_with(), None)

    def test_wrong_frames_and_what_each_gets(self):
        cluster = self.cluster(1)
        ping = json.dumps(["PING"]).encode()
        long_form = b"\x81\xfe\x00\x05\0\0\0\0hello"
        for name, data, code in (
                ("not masked", frame(TEXT, ping, mask=None), 1002),
                ("a reserved bit", frame(TEXT, ping, flags=0x40), 1002),
                ("another reserved bit", frame(TEXT, ping, flags=0x10), 1002),
                ("an unknown opcode", frame(3, b""), 1002),
                ("an unknown opcode of control", frame(11, b""), 1002),
                ("a ping in parts", frame(PING, b"", final=False), 1002),
                ("a long ping", frame(PING, b"x" * 126), 1002),
                ("nothing to continue", frame(0, b"x"), 1002),
                ("a message inside of one", frame(TEXT, b"[", final=False) + frame(TEXT, ping), 1002),
                ("a length not in its shortest form", long_form, 1002),
                ("a text that is no UTF-8", frame(TEXT, b'["PING","\xff"]'), 1007),
                ("half a character", frame(TEXT, b'["\xc3', final=False) + frame(0, b'"]'), 1007),
                ("binary where texts are", frame(BINARY, ping), 1003),
                ("too large by its length", b"\x81\xff" + struct.pack(">Q", 1 << 40) + b"\0\0\0\0", 1009),
                ("a close of one byte", frame(CLOSE, b"\x03"), 1002),
                ("a close with a code that none sends", frame(CLOSE, struct.pack(">H", 1005)), 1002),
                ("a close with a reason that is no text", frame(CLOSE, struct.pack(">H", 1000) + b"\xff"), 1007),
                ("a close without a code", frame(CLOSE, b""), 1005)):
            with self.subTest(name):
                socket = self.json(cluster[0])
                socket.send_raw(data + frame(TEXT, ping))
                self.assertEqual(socket.closed_with(), code)
        self.assertEqual(cluster[0].call("PING"), b"PONG")

    def test_requests_that_are_refused(self):
        cluster = self.cluster()
        follower = cluster.followers()[0]
        port = follower.http_port
        for headers, status in (({"Upgrade": "h2c"}, 426), ({"Connection": "keep-alive"}, 426),
                                ({"Sec-WebSocket-Version": "8"}, 426), ({"Sec-WebSocket-Key": "short"}, 400),
                                ({"Sec-WebSocket-Protocol": "chat"}, 400), ({"Origin": "http://evil"}, 403),
                                ({"Authorization": "Bearer nobody:x"}, 401)):
            with WebSocket(port, headers=headers) as socket:
                self.assertEqual(socket.response.status, status, headers)
        for headers in {"Origin": "http://mydis"}, {}:
            with WebSocket(port, headers=headers) as socket:
                self.assertEqual(socket.response.status, 101)

    def test_who_it_is(self):
        cluster = self.cluster()
        leader, (follower, _) = cluster.roles()
        leader.call("ACL", "SETUSER", "u", "on", ">pw", "~u:*", "+get", "+set")
        leader.call("ACL", "SETUSER", "default", ">secret", "resetpass", ">secret")
        socket = self.json(follower, token="u:pw")
        self.assertEqual(self.ask(socket, ["SET", "u:1", "x"])["result"], "OK")
        self.assertEqual(self.ask(socket, ["SET", "x", "x"])["error"]["code"], "NOPERM")
        # A browser cannot send Authorization: it says who it is in its first message.
        socket = self.json(follower)
        answers = self.ask(socket, ["GET", "u:1"], ["AUTH", "u", "wrong"], ["AUTH", "u", "pw"], ["GET", "u:1"])
        self.assertEqual([answer.get("error", {}).get("code") or answer["result"] for answer in answers],
                         ["NOAUTH", "WRONGPASS", "OK", "x"])
        administrator = self.connect(leader)
        administrator.call("AUTH", "secret")
        administrator.call("ACL", "DELUSER", "u")
        self.assertIn(socket.closed_with(), (1001, None))

    def test_a_slow_reader_is_not_kept_in_memory(self):
        cluster = self.cluster(1)
        instance = cluster[0]
        socket = self.json(instance)
        self.ask(socket, ["MYDIS", "FOLLOW", "w:", "VALUES"])
        count, value = 20_000, "x" * 1000
        with instance.connect() as client:
            for start in range(0, count, 500):
                for i in range(start, start + 500):
                    client.send("SET", f"w:{i}", value)
                for _ in range(500):
                    client.read()
            output = sum(int(line.split("omem=")[1].split()[0])
                         for line in client.call("CLIENT", "LIST").decode().splitlines())
        self.assertLess(output, 4 << 20)
        for i in range(count):
            self.assertEqual(json.loads(socket.read()[1])["push"][5], f"w:{i}")


class RealClients(ClusterTest):
    def test_ws_and_eventsource_of_npm(self):
        if not shutil.which("npm") or not shutil.which("node"):
            self.skipTest("npm or node is not installed")
        folder = npm_install(self, "ws@8", "eventsource@2")
        cluster = self.cluster()
        follower = cluster.followers()[0]
        run = subprocess.run(["node", os.path.join(_HERE, "http_stream_check.js"), folder,
                              str(follower.http_port)], stdin=subprocess.DEVNULL,
                             capture_output=True, text=True, timeout=120)
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        self.assertIn("ws and eventsource passed", run.stdout)


if __name__ == "__main__":
    main()

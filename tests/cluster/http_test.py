#!/usr/bin/python3
"""HTTP over real sockets at a follower of three: values, conditions, commands, wrong inputs, and a leader that dies."""

import base64
import json
import socket
import threading
import unittest
import urllib.parse

from http_client import HttpClient
from support import ClusterTest, main, wait_until

_ALL_BYTES = bytes(range(256))


def path_of(key):
    return "/v1/keys/" + urllib.parse.quote(key, safe="")


def read_with_revision(client):
    """The revision that stands before the next reply, or None, and that reply."""
    kind, value = client.read()
    if kind != "|":
        return None, (kind, value)
    return int(value[1][1]), client.read()


class HttpTest(ClusterTest):
    def http(self, instance, **options):
        client = HttpClient(instance.http_port, **options)
        self.addCleanup(client.close)
        return client


class OneCluster(HttpTest):
    """Tests that leave their cluster as they found it."""

    @classmethod
    def setUpClass(cls):
        cls.shared = harness_cluster()
        cls.leader, (cls.follower, cls.other) = cls.shared.roles()

    @classmethod
    def tearDownClass(cls):
        cls.shared.close()

    def setUp(self):
        super().setUp()
        self.leader.call("STRONG", "FLUSHALL")
        self.client = self.http(self.follower)

    def test_values_of_any_bytes_under_keys_of_any_bytes(self):
        for key in (b"k", b"a/b//c", b"", _ALL_BYTES, "schlüssel".encode()):
            for value in (b"", b"v", _ALL_BYTES * 3, b"\r\n\r\nGET / HTTP/1.1\r\n\r\n"):
                self.client.delete(path_of(key))
                self.assertEqual(self.client.put(path_of(key), value).status, 201)
                read = self.client.get(path_of(key))
                self.assertEqual((read.status, read.body), (200, value))
                self.assertEqual(self.follower.call("GET", key), value)
                head = self.client.call("HEAD", path_of(key))
                self.assertEqual((head.status, int(head.headers["content-length"])), (200, len(value)))
                self.assertEqual(head.etag, read.etag)
        self.assertEqual(self.client.get("/v1/keys/plain/slashes").status, 404)
        self.client.put("/v1/keys/plain/slashes", b"x")
        self.assertEqual(self.follower.call("GET", "plain/slashes"), b"x")

    def test_large_values(self):
        value = _ALL_BYTES * 4 * 1024 * 32  # 32 MB
        self.assertEqual(self.client.put("/v1/keys/large", value).status, 201)
        self.assertEqual(self.client.get("/v1/keys/large").body, value)
        self.assertEqual(self.http(self.leader).get("/v1/keys/large?consistency=strong").body, value)

    def test_pipelined_requests_are_answered_in_order(self):
        for i in range(300):
            self.client.send("PUT", f"/v1/keys/p{i}", str(i).encode())
            self.client.send("GET", f"/v1/keys/p{i}")
        for i in range(300):
            self.assertEqual(self.client.read().status, 201)
            self.assertEqual(self.client.read().body, str(i).encode())

    def test_a_half_closed_client_gets_what_it_has_asked_for(self):
        for _ in range(20):
            self.client.send("PUT", "/v1/keys/h", b"v")
            self.client.send("GET", "/v1/keys/h")
        self.client.socket.shutdown(socket.SHUT_WR)
        self.assertEqual([self.client.read().status for _ in range(40)][-2:], [204, 200])
        self.assertTrue(self.client.ended())

    def test_byte_by_byte(self):
        request = (b"PUT /v1/keys/slow HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"
                   b"2\r\nde\r\n0\r\n\r\nGET /v1/keys/slow HTTP/1.1\r\n\r\n")
        for i in range(len(request)):
            self.client.send_raw(request[i:i + 1])
        self.assertEqual(self.client.read().status, 201)
        self.assertEqual(self.client.read().body, b"abcde")

    def test_continue_and_old_clients(self):
        self.client.send_raw(b"PUT /v1/keys/e HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
        self.assertEqual(self.client.read().status, 100)
        self.client.send_raw(b"abc")
        self.assertEqual(self.client.read().status, 201)
        self.client.send_raw(b"GET /v1/keys/e HTTP/1.0\r\n\r\n")
        response = self.client.read()
        self.assertEqual((response.body, response.headers["connection"]), (b"abc", "close"))
        self.assertTrue(self.client.ended())

    def test_conditions(self):
        first = self.client.put("/v1/keys/c", b"1", If_None_Match="*")
        self.assertEqual(first.status, 201)
        refused = self.client.put("/v1/keys/c", b"2", If_None_Match="*")
        self.assertEqual((refused.status, refused.error["code"], refused.error["committed"]),
                         (412, "CONDITION", "no"))
        second = self.http(self.other).put("/v1/keys/c", b"2", If_Match=first.etag)
        self.assertEqual(second.status, 204)
        self.assertEqual(self.client.put("/v1/keys/c", b"3", If_Match=first.etag).status, 412)
        self.assertEqual(self.client.put("/v1/keys/c", b"3", If_Match='"abc"').status, 412)
        self.assertEqual(self.client.put("/v1/keys/new", b"3", If_Match="*").status, 412)
        read = self.client.get(f"/v1/keys/c?min_revision={second.revision}")
        self.assertEqual((read.body, read.etag), (b"2", second.etag))
        self.assertEqual(self.client.get("/v1/keys/c", If_None_Match=read.etag).status, 304)
        self.assertEqual(self.client.delete("/v1/keys/c", If_Match=first.etag).status, 412)
        self.assertEqual(self.client.delete("/v1/keys/c", If_Match=read.etag).status, 204)
        self.assertEqual(self.client.delete("/v1/keys/c").status, 404)

    def test_of_many_writers_one_wins(self):
        start = self.client.put("/v1/keys/race", b"0").etag
        statuses = []

        def write(instance, i):
            with HttpClient(instance.http_port) as client:
                statuses.append(client.put("/v1/keys/race", str(i).encode(), If_Match=start).status)
        threads = [threading.Thread(target=write, args=(instance, i))
                   for i in range(5) for instance in self.shared]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(sorted(statuses), [204] + [412] * 14)

    def test_databases_and_times_to_live(self):
        self.client.put("/v1/keys/d?db=3&ttl=1h", b"x")
        self.assertEqual(self.client.get("/v1/keys/d").status, 404)
        self.assertGreater(int(self.client.get("/v1/keys/d?db=3").headers["mydis-ttl"]), 3_000_000)
        self.client.put("/v1/keys/d?db=3&ttl=1ms", b"x")
        wait_until(lambda: self.client.get("/v1/keys/d?db=3").status == 404, 30, "the key to go")

    def test_values_of_other_types(self):
        for words, reader in ((("LPUSH", "t", "x"), "LRANGE"), (("SADD", "t", "x"), "SMEMBERS"),
                              (("HSET", "t", "x", "y"), "HGETALL"), (("ZADD", "t", 1, "x"), "ZRANGE"),
                              (("XADD", "t", "*", "x", "y"), "XRANGE")):
            self.client.delete("/v1/keys/t")
            self.client.command(*words)
            read = self.client.get("/v1/keys/t")
            self.assertEqual((read.status, read.error["code"]), (409, "WRONGTYPE"))
            self.assertIn(reader, read.error["message"])
        self.assertEqual(self.client.put("/v1/keys/t", b"string").status, 204)

    def test_lists_of_keys(self):
        for i in range(250):
            self.client.put(f"/v1/keys/list:{i}", str(i).encode())
        self.client.put(path_of(b"list:\xff"), b"\xfe")
        self.client.put("/v1/keys/other", b"x")
        found, query = {}, "/v1/keys?prefix=list:&values=true&limit=40"
        cursor = ""
        while cursor is not None:
            page = self.http(self.other if len(found) % 2 else self.follower).get(
                query + (f"&cursor={cursor}" if cursor else "") + "&consistency=strong").json
            for key in page["keys"]:
                self.assertEqual(key["type"], "string")
                name = key["key"]
                found[name if isinstance(name, str) else base64.b64decode(name["b64"])] = key["value"]
            cursor = page["cursor"]
        expected = {f"list:{i}": str(i) for i in range(250)}
        expected[b"list:\xff"] = {"b64": base64.b64encode(b"\xfe").decode()}
        self.assertEqual(found, expected)
        self.assertEqual(self.client.get("/v1/keys?prefix=none").json["keys"], [])

    def test_commands(self):
        self.assertEqual(self.client.command("SET", "k", b"\xff\x00").json["result"], "OK")
        self.assertEqual(self.client.command("GET", "k").json["result"], {"b64": "/wA="})
        self.client.command("HSET", "h", "a", "1")
        self.assertEqual(self.client.command("HGETALL", "h").json["result"], {"a": "1"})
        self.client.command("ZADD", "z", "1.5", "m")
        self.assertEqual(self.client.command("ZSCORE", "z", "m").json["result"], 1.5)
        self.assertEqual(self.client.command("SMEMBERS", "none").json["result"], [])
        self.assertIsNone(self.client.command("GET", "none").json["result"])
        self.assertEqual(self.client.command("EVAL", "return {1,{'a'},false}", 0).json["result"],
                         [1, ["a"], None])
        for words in (("SUBSCRIBE", "c"), ("MONITOR",), ("MULTI",), ("AUTH", "x"), ("HELLO", "3"),
                      ("SELECT", "1"), ("CLIENT", "REPLY", "OFF"), ("CLIENT", "TRACKING", "ON"),
                      ("RESET",), ("QUIT",), ("MYDIS", "REQUEST", "0", "STRONG", "0", ""),
                      ("STRONG", "SELECT", "1")):
            refused = self.client.command(*words)
            self.assertEqual(refused.status, 400, words)
            self.assertIn("makes no sense over HTTP", refused.error["message"])
        self.assertEqual(self.client.command("NOSUCH").status, 400)
        self.assertEqual(self.client.command("GET").status, 400)

    def test_blocking_commands_wait(self):
        self.client.send("POST", "/v1/commands", json.dumps(["BLPOP", "q", 0]).encode())
        self.client.send("GET", "/v1/keys/behind")
        self.wait_blocked(self.follower)
        self.other.call("RPUSH", "q", "job")
        self.assertEqual(self.client.read().json["result"], ["q", "job"])
        self.assertEqual(self.client.read().status, 404)

    def test_batches(self):
        batch = self.client.batch([["SET", "a", 1], ["LPUSH", "a", "x"], ["INCR", "a"], ["GET", "a"]])
        results = batch.json["results"]
        self.assertEqual([r.get("result") for r in results], ["OK", None, 2, "2"])
        self.assertEqual(results[1]["error"]["code"], "WRONGTYPE")
        revision = int(self.client.get("/v1/keys/a").etag.strip('"'))
        done = self.client.batch([["INCR", "a"], ["SET", "b", "x"]], mode="transaction",
                                 **{"if": [{"key": "a", "revision": revision}, {"key": "b", "revision": 0}]})
        self.assertEqual([r["result"] for r in done.json["results"]], [3, "OK"])
        for condition in ({"key": "a", "revision": revision}, {"key": "b", "revision": 0},
                          {"key": "none", "revision": 7}):
            refused = self.client.batch([["INCR", "a"]], mode="transaction", **{"if": [condition]})
            self.assertEqual((refused.status, refused.error["committed"]), (412, "no"), condition)
        # A key that was there and is gone is missing.
        self.client.delete("/v1/keys/b")
        self.assertEqual(self.client.batch([["SET", "b", 1]], mode="transaction",
                                           **{"if": [{"key": "b", "revision": 0}]}).status, 200)
        # Conditions that are none leave nothing to be done.
        before = self.client.get("/v1/keys/a").body
        for revision in (1.5, -1, 1e30):
            refused = self.client.batch([["INCR", "a"]], mode="transaction",
                                        **{"if": [{"key": "a", "revision": revision}]})
            self.assertEqual((refused.status, refused.error["committed"]), (400, "no"))
        self.assertEqual(self.client.get("/v1/keys/a").body, before)
        # Of reads alone: not through the log.
        self.assertEqual(self.client.batch([["GET", "a"]], mode="transaction",
                                           **{"if": [{"key": "a", "revision": 1}]}).status, 412)
        aborted = self.client.batch([["INCR", "a"], ["NOSUCH"]], mode="transaction")
        self.assertEqual(aborted.status, 400)
        self.assertIn("command 1", aborted.error["message"])
        self.assertEqual(self.client.get("/v1/keys/a").body, b"3")

    def test_consistency_and_revisions(self):
        def led_as_told():
            written = self.client.put("/v1/keys/s?consistency=strong", b"1")
            self.assertEqual(written.headers["mydis-consistency"], "strong")
            return written.headers["mydis-leader"] == self.shared.leader().name
        wait_until(led_as_told, 30, "the leader's name")
        for instance in self.shared:
            self.assertEqual(self.http(instance).get("/v1/keys/s").body, b"1")
        other = self.http(self.other)
        for i in range(100):
            put = self.client.put("/v1/keys/s", str(i).encode())
            read = other.get(f"/v1/keys/s?min_revision={put.revision}")
            self.assertEqual(read.body, str(i).encode())
            self.assertGreaterEqual(read.revision, put.revision)
        ahead = self.client.get(f"/v1/keys/s?min_revision={put.revision + 1_000_000}")
        self.assertEqual((ahead.status, ahead.error["code"], ahead.error["retryable"]),
                         (503, "STALE", True))
        self.assertEqual(self.client.get("/v1/keys/s").status, 200)

    def wait_blocked(self, instance, count=1):
        wait_until(lambda: int(instance.info("clients")["blocked_clients"]) == count, 10,
                   f"{count} clients to be blocked")

    def test_long_polls(self):
        path = "/v1/keys/poll"
        self.client.send("GET", path + "?wait=30s&revision=0")
        self.wait_blocked(self.follower)
        put = self.http(self.other).put(path, b"1")
        response = self.client.read()
        self.assertEqual((response.status, response.body, response.etag), (200, b"1", put.etag))
        revision = put.etag.strip('"')
        self.client.send("GET", f"{path}?wait=30s&revision={revision}")
        self.wait_blocked(self.follower)
        self.http(self.other).delete(path)
        self.assertEqual(self.client.read().status, 404)
        # At once, since it is not as the client has it any more.
        self.assertEqual(self.client.get(f"{path}?wait=30s&revision={revision}").status, 404)
        put = self.client.put(path, b"2")
        same = self.client.get(f"{path}?wait=50ms&revision={put.revision}")
        self.assertEqual((same.status, same.etag), (304, put.etag))
        # Missing as the client knows it: nothing has changed, which is not the same as gone.
        missing = self.client.get("/v1/keys/nokey?wait=50ms&revision=0")
        self.assertEqual((missing.status, missing.body, "etag" in missing.headers), (304, b"", False))
        self.assertEqual(self.client.get("/v1/keys/nokey").status, 404)
        self.client.send("GET", f"{path}?wait=30s&revision={put.revision}")
        self.wait_blocked(self.follower)
        self.client.close()
        self.wait_blocked(self.follower, 0)

    def test_the_longest_word_is_a_setting(self):
        """Of both protocols, at every instance."""
        large, most = b"x" * ((1 << 20) + 1), 1 << 20
        self.leader.call("CONFIG", "SET", "proto-max-bulk-len", most)
        self.addCleanup(self.leader.call, "CONFIG", "SET", "proto-max-bulk-len", "512mb")
        wait_until(lambda: self.follower.call("CONFIG", "GET", "proto-max-bulk-len")[1] == str(most).encode(), 30,
                   "the setting")
        with self.follower.connect() as client:
            self.assertEqual(client.call("SET", "large", large[1:]), b"OK")
            client.send_bytes(b"*3\r\n$3\r\nSET\r\n$5\r\nlarge\r\n$%d\r\n" % len(large))
            self.assertRegex(client.read()[1].decode(), "^ERR Protocol error: invalid bulk length$")
        response = self.http(self.follower).put("/v1/keys/large", large)
        self.assertEqual(response.status, 413)
        # Many words may be longer together.
        words = [["SET", f"part{i}", "x" * 1000] for i in range(2000)]
        response = self.http(self.follower).batch(words, mode="pipeline")
        self.assertEqual(response.status, 200, response.body[:200])

    def test_wrong_inputs(self):
        for raw, status in (
                (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
                (b"*1\r\n$4\r\nPING\r\n\r\n", 400),
                (b"GET\r\n\r\n", 400),
                (b"GET / HTTP/1.1\r\nbad header\r\n\r\n", 400),
                (b"GET /v1/keys/k HTTP/3.0\r\n\r\n", 505),
                (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
                (b"GET /v1/keys/" + b"x" * 70_000 + b" HTTP/1.1\r\n\r\n", 431),
                (b"PUT /v1/keys/k HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n", 413),
                (b"PUT /v1/keys/k HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
                (b"PUT /v1/keys/k HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
                (b"PUT /v1/keys/k HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
                (b"PUT /v1/keys/k HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", 400)):
            client = self.http(self.follower)
            client.send_raw(raw)
            response = client.read()
            self.assertEqual((response.status, response.error["committed"]), (status, "no"), raw[:80])
            self.assertEqual(response.headers["connection"], "close")
            client.socket.shutdown(socket.SHUT_WR)
            self.assertTrue(client.ended())
        for method, path, body, status in (
                ("GET", "/", None, 404), ("GET", "/v2/keys/k", None, 404), ("PATCH", "/v1/keys/k", b"", 405),
                ("GET", "/v1/keys/%", None, 400), ("GET", "/v1/keys/k?x=1", None, 400),
                ("POST", "/v1/commands", b"{}", 400), ("POST", "/v1/commands", b"[1", 400),
                ("POST", "/v1/commands", b'["GET","\xff"]', 400), ("POST", "/v1/commands", b"", 400),
                ("POST", "/v1/commands", b"[" * 100, 400), ("POST", "/v1/commands:batch", b"[]", 400),
                ("POST", "/v1/commands:batch", b'{"mode":"x","commands":[]}', 400)):
            self.assertEqual(self.client.call(method, path, body).status, status, (method, path, body))
        self.assertEqual(self.client.put("/v1/keys/k", b"still here").status, 201)

    def test_the_refusal_of_a_large_body_arrives(self):
        client = self.http(self.follower)
        client.send_raw(b"PUT /v1/nothing HTTP/1.1\r\nContent-Length: 50000000\r\n\r\n")
        try:
            client.send_raw(b"x" * 50_000_000)
        except OSError:
            pass
        self.assertEqual(client.read().status, 404)

    def test_users(self):
        self.leader.call("STRONG", "ACL", "SETUSER", "reader", "on", ">secret", "%R~app:*", "+@read")
        self.addCleanup(self.leader.call, "STRONG", "ACL", "DELUSER", "reader")
        self.client.put("/v1/keys/app:1", b"x")
        reader = self.http(self.other, token="reader:secret")
        self.assertEqual(reader.get("/v1/keys/app:1?consistency=strong").body, b"x")
        self.assertEqual(reader.get("/v1/keys/other").status, 403)
        refused = reader.put("/v1/keys/app:1", b"y")
        self.assertEqual((refused.status, refused.error["code"]), (403, "NOPERM"))
        self.assertEqual(reader.get("/v1/keys?prefix=app:").status, 200)
        self.assertEqual(reader.get("/v1/keys?prefix=app").status, 403)
        self.assertEqual(reader.get("/v1/keys").status, 403)
        self.assertEqual(reader.command("GET", "app:1").json["result"], "x")
        self.assertEqual(reader.command("SET", "app:1", "y").status, 403)
        self.assertEqual(reader.batch([["GET", "app:1"], ["GET", "b"]], mode="transaction").status, 403)
        watching = {"mode": "transaction", "if": [{"key": "other", "revision": 0}]}
        self.assertEqual(reader.batch([["GET", "app:1"]], **watching).status, 403)
        # One connection, many users: each request is its own.
        client = self.client
        for token, status in ((None, 404), ("reader:secret", 403), ("reader:wrong", 401), ("reader:secret", 403),
                              ("nobody:x", 401), (None, 404), ("reader:wrong", 401), (None, 404)):
            client.token = token
            response = client.get("/v1/keys/other")
            self.assertEqual(response.status, status, token)
            if status == 401:
                self.assertEqual(response.headers["www-authenticate"], 'Bearer realm="mydis"')
                self.assertEqual(response.error["code"], "WRONGPASS")
                self.assertIn("the user or the password is wrong", response.error["message"])
        client.token = "reader:wrong"
        for _ in range(3):
            client.send("PUT", "/v1/keys/stolen", b"x" * 100)
            client.send("POST", "/v1/commands", json.dumps(["SET", "stolen"] + ["x"] * 20).encode())
        self.assertEqual([client.read().status for _ in range(6)], [401] * 6)
        self.assertEqual(self.leader.call("STRONG", "EXISTS", "stolen"), 0)

    def test_a_password_where_there_is_none(self):
        client = self.http(self.follower, token="nope")
        for path in ("/v1/keys/k", "/v1/keys", "/metrics", "/v1/cluster", "/v1/watch?wait=10ms"):
            response = client.get(path)
            self.assertEqual((response.status, response.error["code"]), (401, "WRONGPASS"), path)
            self.assertIn("the user default has no password", response.error["message"])
        # The user is named: any password is good, as with AUTH default.
        client.token = "default:nope"
        self.assertEqual(client.get("/v1/keys/nokey").status, 404)
        # Upstash's clients always have a token.
        client.token = "nope"
        self.assertEqual(client.get("/get/nokey").json, {"result": None})
        self.assertEqual(client.call("POST", "/pipeline", b'[["GET","nokey"]]').json, [{"result": None}])
        client.token = None
        self.assertEqual(client.get("/get/nokey?_token=nope").status, 200)
        for token in ("mydis_nobody_x", "nobody:x"):
            client.token = token
            self.assertEqual(client.get("/get/nokey").status, 401)
            self.assertEqual(client.get("/v1/keys/nokey").status, 401)

    def test_a_client_that_must_log_in(self):
        self.leader.call("STRONG", "ACL", "SETUSER", "admin", "on", ">admin", "~*", "&*", "+@all")
        with self.leader.connect() as admin:
            admin.call("AUTH", "admin", "admin")
            admin.call("STRONG", "ACL", "SETUSER", "default", "resetpass", ">open")
            try:
                client = self.http(self.follower)
                self.assertEqual(client.get("/v1/keys/k").error["code"], "NOAUTH")
                self.assertEqual(client.put("/v1/keys/k", b"x").status, 401)
                self.assertEqual(client.batch([["SET"] + ["x"] * 50]).status, 401)
                client.token = "open"
                self.assertEqual(client.get("/v1/keys/k").status, 404)
                self.assertEqual(client.get("/get/k").status, 200)
                client.token = "wrong"
                self.assertEqual(client.get("/v1/keys/k").status, 401)
                self.assertEqual(client.get("/get/k").status, 401)
                client.token = None
                self.assertEqual(client.get("/v1/keys/k").status, 401)
            finally:
                admin.call("STRONG", "ACL", "SETUSER", "default", "nopass")
        self.leader.call("STRONG", "ACL", "DELUSER", "admin")


    def test_attributes_for_clients_that_speak_resp(self):
        with self.follower.connect() as client:
            client.call("HELLO", 3)
            client.call("CLIENT", "ATTRIBUTES", "ON")
            for words in (("SET", "k", 1), ("GET", "k"), ("PING",), ("NOSUCH",), ("MULTI",), ("INCR", "k"), ("EXEC",),
                          ("CLIENT", "ATTRIBUTES", "OFF"), ("PING",)):
                client.send(*words)
            replies = [read_with_revision(client) for _ in range(9)]
        revision = int(self.client.get("/v1/keys/k").etag.strip('"'))
        self.assertEqual([known for known, _ in replies[:2]], [revision - 1, revision - 1])
        self.assertEqual([known for known, _ in replies[6:]], [revision, revision, None])


class Failover(HttpTest):
    def test_a_long_poll_and_writes_outlive_the_leader(self):
        cluster = self.cluster()
        leader, (follower, other) = cluster.roles()
        poll = self.http(follower)
        poll.send("GET", "/v1/keys/poll?wait=60s&revision=0")
        wait_until(lambda: follower.info("clients")["blocked_clients"] == "1", 30, "the poll to wait")
        stop = threading.Event()
        done, wrong = [0], []

        def write():
            with HttpClient(follower.http_port, timeout=60.0) as client:
                while not stop.is_set():
                    response = client.command("INCR", "n")
                    done[0] += 1
                    if response.status != 200 or response.json["result"] != done[0]:
                        wrong.append(response)
        thread = threading.Thread(target=write)
        thread.start()
        wait_until(lambda: done[0] > 20, 30, "writes")
        leader.kill()
        before = done[0]
        wait_until(lambda: done[0] > before + 50, 30, "writes under another leader")
        stop.set()
        thread.join()
        self.assertEqual(wrong, [])
        self.assertEqual(int(other.call("STRONG", "GET", "n")), done[0])
        put = self.http(other).put("/v1/keys/poll", b"news")
        response = poll.read()
        self.assertEqual((response.status, response.body, response.etag), (200, b"news", put.etag))
        self.assertNotEqual(response.headers["mydis-leader"], leader.name)

    def test_a_write_without_a_majority_says_so(self):
        cluster = self.cluster(options=("--raft-timeout", "1s"))
        leader, (follower, other) = cluster.roles()
        leader.kill()
        other.kill()
        response = self.http(follower).put("/v1/keys/k", b"x")
        self.assertIn(response.status, (503, 504))
        self.assertIn(response.error["committed"], ("no", "unknown"))


def harness_cluster():
    from support import BINARY, harness
    return harness.Cluster(3, binary=BINARY)


if __name__ == "__main__":
    main()

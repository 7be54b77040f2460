#!/usr/bin/python3
"""Idempotency-Key: HTTP requests that are sent again, to another instance than the first time."""

import json

from http_client import HttpClient
from support import ClusterTest, main

REPEATED = "idempotent-replayed"


class HttpOnce(ClusterTest):
    def setUp(self):
        super().setUp()
        self.members = self.cluster()
        self.one, self.other = (self.door(i) for i in self.members.followers())

    def door(self, instance):
        client = HttpClient(instance.http_port)
        self.addCleanup(client.close)
        return client

    def twice(self, method, path, body, key):
        """The response of one instance; another's to the same request has to be the same."""
        first = self.one.call(method, path, body, Idempotency_Key=key)
        again = self.other.call(method, path, body, Idempotency_Key=key)
        self.assertNotIn(REPEATED, first.headers)
        self.assertEqual(again.headers.get(REPEATED), "true")
        self.assertEqual((again.status, again.body), (first.status, first.body))
        self.assertEqual((again.revision, again.etag), (first.revision, first.etag))
        return first

    def command(self, client, key, *words):
        return client.call("POST", "/v1/commands", json.dumps(words).encode(), Idempotency_Key=key)

    def value(self, key):
        return self.one.get(f"/v1/keys/{key}?consistency=strong").body

    def test_commands(self):
        body = json.dumps(["INCR", "n"]).encode()
        self.assertEqual(self.twice("POST", "/v1/commands", body, "a").json["result"], 1)
        self.assertEqual(self.value("n"), b"1")
        # An error of the command is a result.
        self.one.command("LPUSH", "list", "x")
        self.assertEqual(self.twice("POST", "/v1/commands", b'["INCR","list"]', "b").status, 409)

    def test_a_key_is_good_for_one_request(self):
        self.command(self.one, "a", "INCR", "n")
        wrong = self.command(self.other, "a", "INCR", "m")
        self.assertEqual((wrong.status, wrong.error["code"]), (422, "IDREUSED"))
        self.assertEqual((wrong.error["committed"], wrong.error["retryable"]), ("no", False))
        # With or without quotes it is the same key.
        self.assertEqual(self.command(self.other, '"a"', "INCR", "n").headers.get(REPEATED), "true")

    def test_pipelines_and_transactions(self):
        commands = [["INCR", "n"], ["RPUSH", "list", "a"], ["INCR", "n"]]
        pipeline = self.twice("POST", "/v1/commands:batch",
                              json.dumps({"commands": commands}).encode(), "p")
        self.assertEqual(pipeline.json["results"], [{"result": 1}, {"result": 1}, {"result": 2}])
        transaction = {"mode": "transaction", "if": [{"key": "fresh", "revision": 0}],
                       "commands": [["SET", "fresh", "x"], ["INCR", "n"], ["GET", "n"]]}
        both = self.twice("POST", "/v1/commands:batch", json.dumps(transaction).encode(), "t")
        self.assertEqual(both.json["results"], [{"result": "OK"}, {"result": 3}, {"result": "3"}])
        # A condition that does not hold is a result, too.
        self.assertEqual(self.twice("POST", "/v1/commands:batch", json.dumps(transaction).encode(),
                                    "u").status, 412)
        self.assertEqual(self.value("n"), b"3")

    def test_keys(self):
        first = self.twice("PUT", "/v1/keys/k", b"v", "put")
        self.assertEqual(first.status, 201)
        self.assertEqual(self.twice("DELETE", "/v1/keys/k", None, "delete").status, 204)
        # The key is gone, the response is that of the first time all the same.
        again = self.other.put("/v1/keys/k", b"v", Idempotency_Key="put")
        self.assertEqual((again.status, again.etag), (201, first.etag))
        self.assertEqual(self.one.get("/v1/keys/k?consistency=strong").status, 404)

    def test_messages_are_sent_once(self):
        listening = self.connect(self.members[0])
        listening.call("SUBSCRIBE", "news")
        for key, message in (("a", b"one"), ("a", b"one"), ("b", b"two")):
            response = self.one.call("POST", "/v1/channels/news/messages", message,
                                     Idempotency_Key=key)
            self.assertEqual(response.json["receivers"], 0)
        received = [listening.read()[1][2][1] for _ in range(2)]
        self.assertEqual(received, [b"one", b"two"])

    def test_where_it_cannot_be_kept_it_is_refused(self):
        refused = self.one.call("POST", "/v1/tokens", b'{"name":"t"}', Idempotency_Key="a")
        self.assertEqual(refused.status, 400)
        self.assertEqual(self.one.get("/v1/keys/none", Idempotency_Key="a").status, 404)
        for key in ("", '""', "x" * 121):
            self.assertEqual(self.command(self.one, key, "INCR", "n").status, 400, key)


if __name__ == "__main__":
    main()

#!/usr/bin/python3
"""The routes of operators: health, metrics, the cluster, settings, tokens; with the rights that each takes."""

import json
import shutil
import subprocess

from http_client import HttpClient
from support import ClusterTest, main, wait_until


class Admin(ClusterTest):
    def setUp(self):
        super().setUp()
        self.members = self.cluster()
        self.leader, (self.follower, self.other) = self.members.roles()

    def http(self, instance=None, **options):
        client = HttpClient((instance or self.follower).http_port, **options)
        self.addCleanup(client.close)
        return client

    def send(self, client, method, path, body=None):
        return client.call(method, path, None if body is None else json.dumps(body).encode())

    def test_health_needs_no_login(self):
        self.leader.call("STRONG", "ACL", "SETUSER", "root", "on", ">pw", "~*", "&*", "+@all")
        with self.leader.connect() as client:
            client.call("AUTH", "root", "pw")
            client.call("STRONG", "ACL", "SETUSER", "default", "off")
        client = self.http()
        self.assertEqual(client.get("/v1/cluster").status, 401)
        wait_until(lambda: client.get("/readyz").status == 200, 60, "all to vote")
        for path in ("/livez", "/readyz", "/readyz?leader", "/readyz?leader=true&max_lag=1000"):
            response = wait_until(lambda p=path: (found := client.get(p)).status == 200 and found, 60, path)
            self.assertEqual(response.json, {"status": "ok"})
        self.assertEqual(client.get("/readyz?max_lag=x").status, 400)
        self.assertEqual(client.get("/readyz?leader=perhaps").status, 400)
        with self.leader.connect() as client:
            client.call("AUTH", "root", "pw")
            client.call("STRONG", "ACL", "SETUSER", "default", "on")
        client = self.http()
        # Alone it still serves eventual reads.
        self.leader.kill()
        self.other.kill()
        wait_until(lambda: client.get("/readyz?leader").status == 503, 60, "no leader")
        response = client.get("/readyz?leader")
        self.assertEqual((response.error["code"], response.error["message"]), ("UNHEALTHY", "no leader is known"))
        self.assertTrue(response.error["retryable"])
        self.assertEqual(client.get("/readyz?max_lag=5").status, 503)
        self.assertEqual(client.get("/livez").status, 200)
        self.leader.start()
        wait_until(lambda: client.get("/readyz?leader").status == 200, 60, "a leader")

    def test_metrics_for_prometheus(self):
        token = self.leader.call("TOKEN", "CREATE", "NAME", "watch", "MONITORING")
        client = self.http(token=token.decode())
        response = client.get("/metrics")
        self.assertEqual(response.status, 200)
        self.assertTrue(response.headers["content-type"].startswith("text/plain; version=0.0.4"))
        if shutil.which("promtool") is None:
            self.fail("promtool is missing: apt install prometheus")
        run = subprocess.run(["promtool", "check", "metrics"], input=response.body.decode(),
                             capture_output=True, text=True, timeout=60)
        self.assertEqual((run.returncode, run.stdout + run.stderr), (0, ""))
        self.assertEqual(client.get("/v1/cluster").status, 200)
        self.assertEqual(client.get("/v1/keys/k").status, 403)
        self.assertEqual(client.get("/v1/config").status, 403)
        self.assertEqual(self.send(client, "POST", "/v1/tokens", {}).status, 403)

    def test_the_cluster(self):
        client = self.http()
        status = client.get("/v1/cluster").json
        self.assertEqual((status["role"], len(status["members"]), status["voters"]), ("follower", 3, 3))
        self.check_form(status, self.status_schema(client))
        self.assertIs(status["ready"], True)
        # Who has just become a voter may still be asked where its log ends.
        wait_until(lambda: {m["state"] for m in client.get("/v1/cluster").json["members"]} == {"leads", "replicate"},
                   30, "all to be sent the log")
        names = {m["role"]: m["instance_id"] for m in status["members"]}
        moved = self.send(client, "POST", "/v1/cluster/leader", {"instance": names["follower"]})
        self.assertEqual(moved.status, 200, moved)
        wait_until(lambda: client.get("/v1/cluster").json["leader"] == names["follower"], 30, "the new leader")
        self.assertEqual(self.send(client, "POST", "/v1/cluster/leader").status, 200)
        self.assertEqual(self.send(client, "POST", "/v1/cluster/leader", {"to": "x"}).status, 400)
        self.assertEqual(self.send(client, "POST", "/v1/cluster/leader", [1]).status, 400)
        self.assertEqual(self.send(client, "POST", "/v1/cluster/leader", {"instance": "nobody"}).status, 400)
        self.assertEqual(self.send(client, "POST", "/v1/cluster/members", {}).status, 400)
        self.assertEqual(self.send(client, "POST", "/v1/cluster/members", {"address": "nowhere"}).status, 400)
        self.assertEqual(self.send(client, "POST", "/v1/cluster/members/nobody/promotion").status, 400)
        self.assertEqual(client.delete("/v1/cluster/members/nobody").status, 400)
        self.assertEqual(self.send(client, "POST", "/v1/cluster/snapshots").status, 200)

    @staticmethod
    def status_schema(client):
        operation = client.get("/v1/openapi.json").json["paths"]["/v1/cluster"]["get"]
        return operation["responses"]["200"]["content"]["application/json"]["schema"]

    def check_form(self, value, schema):
        """A value is of the type that the OpenAPI document says, and has all members that it names and no other."""
        if value is None:
            return self.assertTrue(schema.get("nullable"), schema)
        types = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool}
        self.assertIs(type(value), types[schema["type"]], schema)
        if schema["type"] == "array":
            for item in value:
                self.check_form(item, schema["items"])
        if schema["type"] == "object":
            self.assertEqual(set(value), set(schema["required"]))
            for name, member in value.items():
                self.check_form(member, schema["properties"][name])

    def test_what_an_instance_alone_does_not_know_is_null(self):
        client = self.http()
        self.leader.kill()
        self.other.kill()
        status = wait_until(lambda: (found := client.get("/v1/cluster").json)["leader"] is None and found, 60, "no leader")
        self.check_form(status, self.status_schema(client))
        for member in status["members"]:
            own = member["instance_id"] == status["instance_id"]
            self.assertEqual((member["lag"], member["match_index"] is None, member["state"]), (None, not own, "unknown"))

    def test_a_member_leaves(self):
        name = self.other.call("MYDIS", "STATUS")
        name = dict(zip(name[::2], name[1::2]))[b"instance-id"].decode()
        client = self.http()
        self.assertEqual(client.delete("/v1/cluster/members/" + name.replace(":", "%3A")).status, 200)
        wait_until(lambda: len(client.get("/v1/cluster").json["members"]) == 2, 30, "two members")

    def test_settings(self):
        client = self.http()
        self.assertEqual(self.send(client, "PUT", "/v1/config", {"maxmemory": "512mb", "slowlog-max-len": 77}).status, 200)
        settings = client.get("/v1/config").json["settings"]
        self.assertEqual((settings["maxmemory"], settings["slowlog-max-len"]), ("536870912", "77"))
        self.assertEqual(client.get("/v1/config?name=slowlog-max*").json, {"settings": {"slowlog-max-len": "77"}})
        # What is the cluster's is everybody's, what is the instance's is not.
        wait_until(lambda: self.http(self.other).get("/v1/config?name=maxmemory").json ==
                   {"settings": {"maxmemory": "536870912"}}, 30, "the setting elsewhere")
        self.assertNotEqual(self.http(self.other).get("/v1/config").json["settings"]["slowlog-max-len"], "77")
        for wrong in ({}, [], "x", {"nosuch": "1"}, {"maxmemory": "lots"}, {"maxmemory": None}):
            self.assertEqual(self.send(client, "PUT", "/v1/config", wrong).status, 400, wrong)

    def test_tokens(self):
        admin = self.http()
        made = self.send(admin, "POST", "/v1/tokens", {"name": "app", "prefixes": ["app:", {"b64": "/w=="}],
                                                       "access": "read-only", "expires": "30d"})
        self.assertEqual(made.status, 201, made)
        token = made.json["token"]
        listed = admin.get("/v1/tokens").json["tokens"]
        self.assertEqual([(t["name"], t["access"]) for t in listed], [("app", "read-only")])
        self.assertGreater(listed[0]["until_ms"] - listed[0]["created_ms"], 29 * 86_400_000)
        self.leader.call("STRONG", "SET", "app:1", "v")
        user = self.http(self.other, token=token)
        self.assertEqual(user.get("/v1/keys/app:1").body, b"v")
        self.assertEqual(user.get("/v1/keys/other").status, 403)
        self.assertEqual(user.put("/v1/keys/app:1", b"w").status, 403)
        self.assertEqual(user.get("/v1/tokens").status, 403)
        self.assertEqual(self.send(admin, "POST", "/v1/tokens", {"name": "app"}).status, 400)
        for wrong in ([], {"access": "all"}, {"prefixes": "app:"}, {"expires": "soon"}, {"expires": "1ms"}, {"expires": "1500ms"},
                      {"name": 5}, {"nosuch": "x"}, {"name": "a b"}):
            self.assertEqual(self.send(admin, "POST", "/v1/tokens", wrong).status, 400, wrong)
        self.assertEqual(admin.delete("/v1/tokens/app").status, 204)
        self.assertEqual(admin.delete("/v1/tokens/app").status, 404)

        def refused():
            try:
                return self.http(self.other, token=token).get("/v1/keys/app:1").status == 401
            except (EOFError, ConnectionError):
                return False  # It was good when this began, and its connection ended with it.
        wait_until(refused, 30, "the token is no good")
        self.assertEqual(self.send(admin, "POST", "/v1/tokens").status, 201)


if __name__ == "__main__":
    main()

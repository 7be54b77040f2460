#!/usr/bin/python3
"""/v1/openapi.json is a valid OpenAPI document that has every route, and each route answers as it says."""

import base64
import hashlib
import json
import os
import re
import subprocess
import urllib.parse

from http_client import HttpClient
from support import ClusterTest, main, npm_install, wait_until

_HERE = os.path.dirname(os.path.realpath(__file__))
_ROUTES = os.path.join(_HERE, "..", "..", "src", "server", "http")
_RECORD = re.compile(r'\.method = "(\w+)",\s*\.path = "([^"]+)"|UpstashRoute\("(\w+)", "([^"]+)"')
_VALIDATE = """
const parser = require(require.resolve("@apidevtools/swagger-parser", { paths: [process.argv[2]] }));
parser.validate(JSON.parse(require("fs").readFileSync(0, "utf8"))).then(
  () => console.log("valid"), (error) => { console.log(error.message); process.exit(1); });
"""

# What is sent to each operation, and the status that it must give.
_SAMPLES = {
    "get_v1_keys": ("/v1/keys?prefix=a&limit=5&values=true", None, 200),
    "get_v1_keys_key": ("/v1/keys/k", None, 200),
    "head_v1_keys_key": ("/v1/keys/k", None, 200),
    "put_v1_keys_key": ("/v1/keys/new?ttl=30s", b"v", 201),
    "delete_v1_keys_key": ("/v1/keys/new", None, 204),
    "post_v1_commands": ("/v1/commands", ["GET", "k"], 200),
    "post_v1_commands_batch": ("/v1/commands:batch", {"commands": [["GET", "k"]]}, 200),
    "get_v1_watch": ("/v1/watch?prefix=a&wait=1ms", None, 200),
    "get_v1_channels_name_messages": ("/v1/channels/a/messages?wait=1ms", None, 200),
    "post_v1_channels_name_messages": ("/v1/channels/a/messages", b"message", 200),
    "get_v1_ws": ("/v1/ws", None, 426),
    "get_livez": ("/livez", None, 200),
    "get_readyz": ("/readyz?leader=true&max_lag=1000", None, 200),
    "get_metrics": ("/metrics", None, 200),
    "get_v1_cluster": ("/v1/cluster", None, 200),
    "post_v1_cluster_leader": ("/v1/cluster/leader", None, 200),
    "post_v1_cluster_members": ("/v1/cluster/members", {"address": "nowhere"}, 400),
    "delete_v1_cluster_members_instance": ("/v1/cluster/members/nobody", None, 400),
    "post_v1_cluster_members_instance_promotion": ("/v1/cluster/members/nobody/promotion", None, 400),
    "post_v1_cluster_snapshots": ("/v1/cluster/snapshots", None, 200),
    "get_v1_config": ("/v1/config?name=max*", None, 200),
    "put_v1_config": ("/v1/config", {"maxmemory": "1gb"}, 200),
    "get_v1_tokens": ("/v1/tokens", None, 200),
    "post_v1_tokens": ("/v1/tokens", {"name": "sample"}, 201),
    "delete_v1_tokens_name": ("/v1/tokens/sample", None, 204),
    "get_v1_backup": ("/v1/backup", None, 200),
    "post_v1_restore": ("/v1/restore", b"no backup", 400),
    "get_v1_openapi_json": ("/v1/openapi.json", None, 200),
    "get_ui": ("/ui", None, 200),
    "post": ("/", ["GET", "k"], 200),
    "post_pipeline": ("/pipeline", [["GET", "k"]], 200),
    "post_multi_exec": ("/multi-exec", [["GET", "k"]], 200),
    "get_command": ("/get/k", None, 200),
    "post_command": ("/set/k", b"v", 200),
    "put_command": ("/set/k", b"v", 200),
}


def operations(document):
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method.upper(), operation


class OpenApi(ClusterTest):
    def setUp(self):
        super().setUp()
        self.members = self.cluster()
        self.follower = self.members.followers()[0]
        self.client = HttpClient(self.follower.http_port)
        self.addCleanup(self.client.close)
        self.document = self.client.get("/v1/openapi.json").json

    def test_valid(self):
        folder = npm_install(self, "@apidevtools/swagger-parser@10")
        run = subprocess.run(["node", "-e", _VALIDATE, "x", folder], input=json.dumps(self.document),
                             capture_output=True, text=True, timeout=120)
        self.assertEqual((run.returncode, run.stdout), (0, "valid\n"), run.stderr)

    def test_every_route_is_in_it(self):
        records = set()
        for name in os.listdir(_ROUTES):
            if name.endswith("_routes.cc"):
                with open(os.path.join(_ROUTES, name), encoding="utf-8") as file:
                    for found in _RECORD.findall(file.read()):
                        records.add((found[0] or found[2], found[1] or found[3]))
        self.assertGreater(len(records), 25)
        self.assertEqual({(method, path) for path, method, _ in operations(self.document)}, records)

    def test_each_answers_as_described(self):
        self.follower.call("SET", "k", "v")
        ids = {operation["operationId"] for _, _, operation in operations(self.document)}
        self.assertEqual(ids, set(_SAMPLES), "each operation needs a sample here")
        described = {operation["operationId"]: (path, method, operation)
                     for path, method, operation in operations(self.document)}
        for name, (target, body, status) in _SAMPLES.items():
            with self.subTest(name):
                path, method, operation = described[name]
                self.check_target(path, operation, target)
                data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
                with HttpClient(self.follower.http_port) as client:
                    if name == "get_readyz":  # For a moment it may know no leader.
                        wait_until(lambda c=client, t=target: c.get(t).status == 200, 30, target)
                    response = client.call(method, target, data)
                self.assertEqual(response.status, status, response)
                answer = operation["responses"][str(status)]
                types = list(answer.get("content", {}))
                if types:
                    given = response.headers["content-type"].split(";")[0]
                    self.assertIn(given, types)
                    if given == "application/json":
                        json.loads(response.body)
                if body is not None:
                    self.assertIn("requestBody", operation)

    def check_target(self, path, operation, target):
        """The sample is one of this path, with parameters that are described."""
        parts = urllib.parse.urlsplit(target)
        self.assertRegex(parts.path, "^" + re.sub(r"\\\{\w+\\\}", ".+", re.escape(path)) + "$")
        names = {parameter["name"] for parameter in operation["parameters"]}
        for name in urllib.parse.parse_qs(parts.query):
            self.assertIn(name, names)

    def test_parameters_that_are_not_described_are_refused(self):
        for path, method, operation in operations(self.document):
            if "_token" in {parameter["name"] for parameter in operation["parameters"]}:
                continue
            with self.subTest(path=path, method=method), HttpClient(self.follower.http_port) as client:
                target = re.sub(r"\{\w+\}", "x", path) + "?nosuch=1"
                response = client.call(method, target)
                self.assertEqual(response.status, 400)

    def test_the_page_has_nothing_from_elsewhere(self):
        page = self.client.get("/ui")
        text = page.body.decode()
        self.assertNotIn("http://", text)
        self.assertNotIn("https://", text)
        self.assertNotIn("src=", text)
        self.assertNotIn("innerHTML", text)
        policy = page.headers["content-security-policy"]
        self.assertIn("default-src 'none'", policy)
        self.assertNotIn("unsafe", policy)
        for tag in ("style", "script"):
            inside = re.search(f"<{tag}>(.*?)</{tag}>", text, re.DOTALL).group(1)
            encoded = base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()
            self.assertIn(f"{tag}-src 'sha256-{encoded}'", policy)
        script = re.search("<script>(.*?)</script>", text, re.DOTALL).group(1)
        check = subprocess.run(["node", "--check", "-"], input=script, capture_output=True, text=True)
        self.assertEqual(check.returncode, 0, check.stderr)


if __name__ == "__main__":
    main()

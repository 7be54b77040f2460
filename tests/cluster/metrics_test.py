#!/usr/bin/python3
"""What Prometheus gets: a form that promtool accepts, values that are right, and every name that the
Grafana dashboard asks for."""

import json
import os
import re
import shutil
import subprocess

from support import ClusterTest, main, wait_until

DASHBOARD = os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "..", "share", "grafana",
                         "mydis.json")


def parse(text):
    """Values by "name{labels}"."""
    return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in text.splitlines()
            if line and not line.startswith("#")}


class Metrics(ClusterTest):
    def setUp(self):
        super().setUp()
        self.members = self.cluster()
        self.leader, (self.follower, _) = self.members.roles()

    def metrics(self, instance):
        return instance.call("MYDIS", "METRICS").decode()

    def test_promtool_has_nothing_to_say(self):
        if shutil.which("promtool") is None:
            self.fail("promtool is missing: apt install prometheus")
        for instance in self.members:
            run = subprocess.run(["promtool", "check", "metrics"], input=self.metrics(instance),
                                 capture_output=True, text=True, timeout=60)
            self.assertEqual((run.returncode, run.stdout + run.stderr), (0, ""))

    def test_values(self):
        with self.follower.connect() as client:
            for i in range(7):
                client.call("SET", f"k{i}", i, "EX", 1000)
            client.call("GET", "k0")
            client.call("GET", "nothing")
            client.try_call("INCRBY", "k0", "x")
            client.try_call("SET", "k0")
        values = parse(self.metrics(self.follower))
        for name, value in {
                'mydis_commands_total{command="set"}': 7,
                'mydis_commands_rejected_total{command="set"}': 1,
                'mydis_commands_failed_total{command="incrby"}': 1,
                'mydis_keys{db="0"}': 7,
                'mydis_keys_expiring{db="0"}': 7,
                'mydis_members': 3,
                'mydis_error_replies_total{error="ERR"}': 2,
        }.items():
            self.assertEqual(values.get(name), value, name)
        self.assertGreaterEqual(values['mydis_key_lookups_total{result="miss"}'], 1)
        self.assertGreater(values["mydis_memory_resident_bytes"], 1 << 20)
        buckets = [(name, value) for name, value in values.items()
                   if name.startswith('mydis_command_duration_seconds_bucket{command="set"')]
        counts = [value for _, value in buckets]
        self.assertEqual(counts, sorted(counts))
        self.assertTrue(buckets[-1][0].endswith('le="+Inf"}'), buckets[-1])
        self.assertEqual(counts[-1], 7)

        def told():
            """When nobody stands still: one instance leads, and all are ready and know that."""
            of_all = sorted((parse(self.metrics(each)) for each in self.members), key=lambda of: of["mydis_raft_leader"])
            found = [[of[f"mydis_{name}"] for name in ("raft_leader", "raft_has_leader", "ready")] for of in of_all]
            return found == [[0, 1, 1], [0, 1, 1], [1, 1, 1]] and of_all
        leader = wait_until(told, 30, "one leader, and all ready")[-1]
        self.assertEqual(sum(1 for name in leader if name.startswith("mydis_member_lag_entries")), 3)

    def test_the_dashboard_asks_for_what_there_is(self):
        names = set()
        for instance in self.members:
            names |= {re.match(r"\w+", name).group() for name in parse(self.metrics(instance))}
        names |= {"mydis_error_replies_total"}  # Nobody has erred.
        with open(DASHBOARD, encoding="utf-8") as file:
            panels = json.load(file)["panels"]
        for panel in panels:
            for target in panel["targets"]:
                for name in re.findall(r"mydis_\w+", target["expr"]):
                    self.assertIn(name, names, panel["title"])

    def test_monitoring_needs_no_more_than_its_token(self):
        with self.leader.connect() as admin:
            token = admin.call("TOKEN", "CREATE", "MONITORING")
        with self.follower.connect() as client:
            client.call("AUTH", token)
            self.assertIn(b"mydis_ready 1", client.call("MYDIS", "METRICS"))
            client.call("INFO")
            self.assertRegex(str(client.try_call("GET", "k")), "^NOPERM")
            self.assertRegex(str(client.try_call("CONFIG", "GET", "*")), "^NOPERM")


if __name__ == "__main__":
    main()

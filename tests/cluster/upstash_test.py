#!/usr/bin/python3
"""npm's @upstash/redis, unmodified, through a follower."""

import os
import shutil
import subprocess

from http_client import HttpClient
from support import ClusterTest, main, npm_install, wait_until

_HERE = os.path.dirname(os.path.realpath(__file__))


class Upstash(ClusterTest):
    def test_the_package(self):
        if not shutil.which("npm") or not shutil.which("node"):
            self.skipTest("npm or node is not installed")
        folder = npm_install(self, "@upstash/redis@1")
        cluster = self.cluster()
        follower = cluster.followers()[0]
        with cluster.leader().connect() as admin:
            admin.call("STRONG", "ACL", "SETUSER", "app", "on", ">secret", "~*", "&*", "+@all")
        run = subprocess.run(["node", os.path.join(_HERE, "upstash_check.js"), folder,
                              str(follower.http_port), "app:secret"], stdin=subprocess.DEVNULL,
                             capture_output=True, text=True, timeout=120)
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        self.assertIn("upstash passed", run.stdout)
        self.assertEqual(run.stderr, "")
        # Its listeners have gone without a word.
        wait_until(lambda: follower.call("PUBSUB", "NUMSUB", "news") == [b"news", 0], 30, "no subscriber")
        cluster.wait_equal()

    def test_reads_see_what_was_written_elsewhere(self):
        """Upstash-Sync-Token is a revision: whoever brings it reads nothing older, at any instance."""
        cluster = self.cluster()
        first, second = (HttpClient(follower.http_port) for follower in cluster.followers())
        self.addCleanup(first.close)
        self.addCleanup(second.close)
        for i in range(200):
            written = first.get(f"/set/k/{i}")
            read = second.call("GET", "/get/k", Upstash_Sync_Token=written.headers["upstash-sync-token"])
            self.assertEqual(read.json["result"], str(i))
        self.assertEqual(second.call("GET", "/get/k", Upstash_Sync_Token="of another kind").status, 200)


if __name__ == "__main__":
    main()

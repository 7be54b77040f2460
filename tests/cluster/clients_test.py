#!/usr/bin/python3
"""Clients that exist, each connected to one follower only, as behind a plain load balancer."""

import os
import shutil
import subprocess
import sys
import unittest

from support import BINARY, ClusterTest, harness, main, npm_install, wait_until

try:
    import redis
except ImportError:
    redis = None

_HERE = os.path.dirname(os.path.realpath(__file__))


class Clients(ClusterTest):
    @classmethod
    def setUpClass(cls):
        cls.shared = None

    @classmethod
    def tearDownClass(cls):
        if cls.shared is not None:
            cls.shared.close()

    def follower(self):
        """One cluster for all tests of the class, emptied for each."""
        if Clients.shared is None:
            Clients.shared = harness.Cluster(3, binary=BINARY)
        follower = Clients.shared.followers()[0]
        follower.call("FLUSHALL")
        return follower

    def has(self, follower, *commands):
        return all(found is not None for found in follower.call("COMMAND", "INFO", *commands))

    def needs(self, follower, *commands):
        """Leaves the test out until the server has these commands."""
        if not self.has(follower, *commands):
            self.skipTest(f"the server does not have all of {', '.join(commands)}")

    def redis_cli(self, follower, *words, stdin=""):
        run = subprocess.run(["redis-cli", "-p", str(follower.redis_port), *words], input=stdin,
                             capture_output=True, text=True, timeout=60)
        self.assertEqual(run.returncode, 0, run.stderr)
        return run.stdout

    def test_redis_cli(self):
        follower = self.follower()
        self.assertEqual(self.redis_cli(follower, "SET", "k", "v"), "OK\n")
        self.assertEqual(self.redis_cli(follower, "GET", "k"), "v\n")
        self.assertEqual(self.redis_cli(follower, stdin="MULTI\nINCR n\nINCR n\nEXEC\n"),
                         "OK\nQUEUED\nQUEUED\n1\n2\n")
        self.assertEqual(self.redis_cli(follower, "-3", "GETSET", "k", "w"), "v\n")
        self.assertEqual(self.redis_cli(follower, "--scan", "--pattern", "k*"), "k\n")
        stdin = "".join(f"SET big:{i} {i}\n" for i in range(1000))
        self.assertIn("errors: 0, replies: 1000", self.redis_cli(follower, "--pipe", stdin=stdin))
        self.assertIn("Biggest", self.redis_cli(follower, "--bigkeys"))

    def benchmark(self, server, *options):
        """Starts redis-benchmark with all that it has."""
        log = os.path.join(self.folder(), "benchmark.log")
        program = harness.Process(
            ["redis-benchmark", "-p", str(server.redis_port), "-r", "100", "--csv", *options], log)
        program.spawn()
        self.addCleanup(program.kill)
        return program

    def benchmarked(self, program):
        """The names of its tests, when it is through."""
        self.assertEqual(program.wait(300), 0, program.log())
        self.assertNotIn("rror", program.log())
        names = [line.split('"')[1] for line in program.log().splitlines() if line.startswith('"')]
        self.assertEqual(names[0], "test", program.log())  # The heading.
        return names[1:]

    def all_benchmarks(self):
        """The tests that this version of redis-benchmark has."""
        server = harness.RedisServer(self.folder())
        self.addCleanup(server.kill)
        names = self.benchmarked(self.benchmark(server.start(), "-n", "10"))
        self.assertIn("MSET (10 keys)", names)
        return names

    def test_redis_benchmark(self):
        names = self.all_benchmarks()
        self.follower()
        for follower in Clients.shared.followers():
            for options in ("-n", "1000"), ("-n", "5000", "-P", "16"):
                self.assertEqual(self.benchmarked(self.benchmark(follower, *options)), names)
                self.assertGreater(follower.call("DBSIZE"), 0)

    def test_redis_benchmark_while_the_leader_dies(self):
        names = self.all_benchmarks()
        cluster = self.cluster()
        leader, followers = cluster.roles()
        programs = [self.benchmark(follower, *options) for follower, options in
                    zip(followers, (("-n", "10000"), ("-n", "30000", "-P", "16")))]
        # Written by a test in the middle.
        wait_until(lambda: followers[0].call("EXISTS", "mylist"), 60, "LPUSH")
        leader.kill()
        for program in programs:
            self.assertTrue(program.alive(), program.log())
        for program in programs:
            self.assertEqual(self.benchmarked(program), names)
        leader.start()
        cluster.wait_equal()

    @unittest.skipIf(redis is None, "python3-redis is not installed")
    def test_python_redis(self):
        client = redis.Redis(port=self.follower().redis_port)
        self.assertTrue(client.set("k", "v", ex=100))
        self.assertEqual(client.get("k"), b"v")
        with client.pipeline(transaction=True) as pipe:
            self.assertEqual(pipe.incr("n").incr("n").append("a", "b").execute(), [1, 2, 1])
        with client.pipeline() as pipe:
            pipe.watch("n")
            pipe.multi()
            pipe.incr("n")
            client.incr("n")
            with self.assertRaises(redis.WatchError):
                pipe.execute()
        self.assertEqual(client.mget("k", "none"), [b"v", None])
        self.assertEqual(client.incrbyfloat("f", 1.5), 1.5)
        self.assertEqual(client.setrange("k", 1, "w"), 2)
        self.assertEqual(sorted(client.scan_iter("*", count=2)), sorted(client.keys()))
        self.assertEqual(client.delete("k", "n", "none"), 2)
        with self.assertRaises(redis.ResponseError):
            client.incr("a")

    @unittest.skipIf(redis is None, "python3-redis is not installed")
    def test_python_redis_scripts(self):
        follower = self.follower()
        self.needs(follower, "EVALSHA", "SCRIPT")
        client = redis.Redis(port=follower.redis_port)
        script = client.register_script("return redis.call('incrby', KEYS[1], ARGV[1])")
        self.assertEqual(script(keys=["n"], args=[10]), 10)
        with client.lock("lock", timeout=5):
            self.assertFalse(client.lock("lock", blocking=False).acquire())

    @unittest.skipIf(redis is None, "python3-redis is not installed")
    def test_python_redis_channels(self):
        follower = self.follower()
        self.needs(follower, "SUBSCRIBE", "PUBLISH")
        client = redis.Redis(port=follower.redis_port)
        subscriber = client.pubsub()
        subscriber.subscribe("news")
        self.assertEqual(subscriber.get_message(timeout=10)["type"], "subscribe")
        self.assertEqual(client.publish("news", "hello"), 1)
        self.assertEqual(subscriber.get_message(timeout=10)["data"], b"hello")

    @unittest.skipIf(redis is None, "python3-redis is not installed")
    def test_python_redis_collections(self):
        follower = self.follower()
        self.needs(follower, "RPUSH", "BLPOP", "ZADD", "XADD")
        client = redis.Redis(port=follower.redis_port)
        client.rpush("list", "a", "b")
        self.assertEqual(client.blpop("list", timeout=5), (b"list", b"a"))
        client.zadd("z", {"a": 1.5, "b": 2})
        self.assertEqual(client.zrange("z", 0, -1, withscores=True), [(b"a", 1.5), (b"b", 2.0)])
        client.xadd("s", {"f": "v"})
        self.assertEqual(client.xlen("s"), 1)

    def test_ioredis(self):
        if not shutil.which("npm") or not shutil.which("node"):
            self.skipTest("npm or node is not installed")
        folder = npm_install(self, "ioredis@5")
        follower = self.follower()
        parts = ["strings"]
        for part, commands in (("scripts", ["EVALSHA"]), ("channels", ["SUBSCRIBE", "PUBLISH"]),
                               ("collections", ["RPUSH", "BLPOP", "HSET", "ZADD", "XADD"])):
            if self.has(follower, *commands):
                parts.append(part)
        run = subprocess.run(["node", os.path.join(_HERE, "ioredis_check.js"), folder,
                              str(follower.redis_port), *parts], stdin=subprocess.DEVNULL,
                             capture_output=True, text=True, timeout=120)
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        self.assertIn(f"ioredis: {' '.join(parts)} passed", run.stdout)


if __name__ == "__main__":
    sys.exit(main())

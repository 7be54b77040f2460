#!/usr/bin/python3
"""`mydis bench`: what it counts is what the server was sent, and what it prints can be read."""

import csv
import json
import signal
import subprocess

from support import BINARY, CliTest, harness, main, wait_until


class Bench(CliTest):
    def setUp(self):
        super().setUp()
        self.redis.call("CONFIG", "RESETSTAT")

    def bench(self, *options, address=None):
        return self.run_program([BINARY, "bench", "--address", address or self.redis.address,
                                 *options])

    def measured(self, *options, status=0, address=None):
        run = self.bench("--json", *options, address=address)
        self.assertEqual(run.stderr, b"")
        if status is not None:
            self.assertEqual(run.returncode, status, run)
        return json.loads(run.stdout)["tests"]

    def calls(self, command):
        for line in self.redis.call("INFO", "commandstats").decode().splitlines():
            if line.startswith(f"cmdstat_{command}:"):
                return int(line.split("calls=")[1].split(",")[0])
        return 0

    def interrupted(self, meanwhile, *options, address=None):
        """What one test has measured that goes on until `meanwhile` has returned."""
        with subprocess.Popen([BINARY, "bench", "--address", address or self.redis.address, "--duration", "300s",
                               "--json", *options], stdout=subprocess.PIPE) as run:
            self.addCleanup(run.kill)
            meanwhile()
            run.send_signal(signal.SIGINT)
            [test] = json.loads(run.stdout.read())["tests"]
        self.assertTrue(test["interrupted"])
        return test

    def test_every_request_is_sent_once(self):
        for clients, pipeline, threads, requests in ((1, 1, 1, 10), (7, 5, 1, 1000), (50, 1, 3, 3001),
                                                     (10, 100, 2, 777)):
            self.redis.call("CONFIG", "RESETSTAT")
            [test] = self.measured("-c", str(clients), "-P", str(pipeline), "--threads", str(threads),
                                   "-n", str(requests), "INCR", "counter")
            self.assertEqual(test["requests"], requests)
            self.assertEqual(self.calls("incr"), requests)
            self.assertEqual(sum(row["count"] for row in test["histogram"]), requests)
            self.assertEqual(test["errors"] + test["lost"] + test["nil"], 0)
        self.assertEqual(self.redis.call("GET", "counter"), str(10 + 1000 + 3001 + 777).encode())

    def test_every_test_there_is(self):
        tests = self.measured("-n", "500", "-P", "8", "-r", "100", "--keep")
        listed = [line.split()[0] for line in self.bench("--list-tests").stdout.decode().splitlines()]
        self.assertEqual([test["test"] for test in tests], listed)
        for test in tests:
            self.assertEqual((test["requests"], test["errors"]), (500, 0), test)
        self.assertEqual(self.redis.call("LLEN", "bench:list"), 600)
        self.assertEqual(self.redis.call("XLEN", "bench:stream"), 500)
        self.assertLessEqual(self.redis.call("DBSIZE"), 205)

    def test_its_keys_are_removed_and_no_others(self):
        # Of the names that a run with --keep uses, and of types that its commands refuse.
        mine = [b"bench:counter:000000000001", b"bench:key:000000000001", b"bench:list", b"bench:stream"]
        for key in mine:
            self.redis.call("SET", key, "mine")
        self.measured("-n", "300", "-r", "1500")
        self.assertEqual(sorted(self.redis.call("KEYS", "*")), mine)
        self.assertEqual(self.redis.call("MGET", *mine), [b"mine"] * 4)
        self.measured("-n", "300", "-t", "get", "-r", "2", "--keep")
        self.assertEqual(sorted(self.redis.call("KEYS", "*")), mine)

    def test_keys_that_are_kept_are_found_by_another_run(self):
        self.measured("-n", "300", "-t", "set", "-r", "1", "--keep")
        [test] = self.measured("-n", "10", "-t", "get", "-r", "1", "--keep")
        self.assertEqual(test["nil"], 0)
        self.assertEqual(self.redis.call("KEYS", "*"), [b"bench:key:000000000000"])
        # Without --keep each run has keys of its own, which nobody has written.
        [test] = self.measured("-n", "10", "-t", "get", "-r", "1")
        self.assertEqual(test["nil"], 10)

    def test_placeholders(self):
        self.measured("-n", "2000", "-r", "50", "-d", "7", "SET", "k:__rand_int__", "<__data__>")
        keys = self.redis.call("KEYS", "*")
        self.assertEqual(len(keys), 50)
        self.assertEqual(min(keys), b"k:000000000000")
        self.assertEqual(len(self.redis.call("GET", keys[0])), 9)

    def test_database_and_errors(self):
        self.redis.call("SET", "text", "x")
        [test] = self.measured("-n", "40", "--db", "0", "LPUSH", "text", "y", status=1)
        self.assertEqual((test["requests"], test["errors"]), (40, 40))
        self.assertIn("WRONGTYPE", test["first_error"])
        [test] = self.measured("-n", "40", "--db", "3", "LPUSH", "text", "y")
        self.assertEqual(test["errors"], 0)
        [test] = self.measured("-n", "40", "GET", "none")
        self.assertEqual(test["nil"], 40)

    def test_a_pause_shows_in_all_requests_that_fell_into_it(self):
        def pause():
            """The server sleeps half a second, once the load has begun."""
            wait_until(lambda: self.calls("ping") > 10, 15, "the load")
            self.redis.call("DEBUG", "SLEEP", "0.5")
            before = self.calls("ping")
            wait_until(lambda: self.calls("ping") > before + 500, 15, "what was due meanwhile")

        # At 1000 requests a second some 500 are due meanwhile; were they counted from when they could
        # be sent, only those on the way would show it.
        test = self.interrupted(pause, "--rate", "1000", "-c", "2", "PING")
        slow = sum(row["count"] for row in test["histogram"] if row["upto_ms"] > 100)
        self.assertGreater(slow, 300)
        # Whoever waits for each answer sees the pause once a connection.
        self.redis.call("CONFIG", "RESETSTAT")
        test = self.interrupted(pause, "-c", "2", "PING")
        self.assertGreater(test["latency_ms"]["max"], 300)

    def test_a_rate_is_kept(self):
        [test] = self.measured("--rate", "5000", "-n", "1000", "--threads", "2", "-c", "4", "PING")
        self.assertEqual(test["requests"], 1000)
        # The last one is due after 999 parts of 5000: no sooner, whatever the machine does.
        self.assertGreater(test["seconds"], 0.199)

    def test_for_programs(self):
        for option, separator in (("--csv", ","), (None, "\t")):
            run = self.bench("-t", "set,get", "-n", "100", *filter(None, [option]))
            self.assertEqual((run.returncode, run.stderr), (0, b""))
            rows = list(csv.DictReader(run.stdout.decode().splitlines(), delimiter=separator))
            self.assertEqual([row["test"] for row in rows], ["set", "get"])
            self.assertEqual({row["requests"] for row in rows}, {"100"})
            self.assertGreater(float(rows[0]["rate"]), 0)
            self.assertLessEqual(float(rows[0]["p50_ms"]), float(rows[0]["max_ms"]))

    def test_the_first_error_is_told_beside_columns(self):
        self.redis.call("SET", "text", "x")
        for options in (["--csv"], [], ["-q"]):
            run = self.bench(*options, "-n", "40", "LPUSH", "text", "y")
            self.assertEqual(run.returncode, 1)
            self.assertEqual(run.stderr.decode(), "mydis bench: LPUSH text y: 40 errors, the first: WRONGTYPE "
                             "Operation against a key holding the wrong kind of value\n")

    def test_letters_of_redis_benchmark(self):
        port = str(self.redis.redis_port)
        run = self.run_program([BINARY, "bench", "-h", "127.0.0.1", "-p", port, "-n", "100", "-c", "2", "-P",
                                "2", "-r", "10", "-d", "5", "-t", "set", "--csv"])
        self.assertEqual((run.returncode, run.stderr), (0, b""))
        self.assertIn(b"\nset,100,", run.stdout)
        for arguments, words in ((["-p", "0"], "--port: 0 is not a port"),
                                 (["-p", port, "--address", "x"], "one of them")):
            run = self.run_program([BINARY, "bench", *arguments])
            self.assertEqual(run.returncode, 2)
            self.assertIn(words, run.stderr.decode())
        self.assertIn(b"Usage: mydis bench", self.run_program([BINARY, "bench", "-h"]).stdout)

    def test_quiet(self):
        terminal = self.terminal([BINARY, "bench", "-p", str(self.redis.redis_port), "-t", "set", "-n", "1000",
                                  "-q"])
        self.assertEqual(terminal.wait(), 0)
        terminal.expect(r"TEST +REQUESTS/S")
        terminal.expect(r"set +[\d,]+ ")
        self.assertNotIn("latency", terminal.screen)

    def test_more_connections_than_files(self):
        run = self.run_program(["/bin/sh", "-c", f"ulimit -n 100; exec {BINARY} bench -p {self.redis.redis_port} "
                                "-c 500 PING"])
        self.assertEqual((run.returncode, run.stdout), (1, b""))
        self.assertIn("--clients 500: each is an open file, and this process may have 100: say ulimit -n ",
                      run.stderr.decode())
        self.assertEqual(run.stderr.count(b"\n"), 1)

    def test_for_people(self):
        terminal = self.terminal([BINARY, "bench", "--address", self.redis.address, "-t", "set,get",
                                  "-n", "1000"])
        self.assertEqual(terminal.wait(), 0)
        for pattern in (r"set: 1,000 requests in \d+\.\d\d s, [\d,]+/s, 50 clients, pipeline 1\r\n",
                        r"p50 [\d.]+ ms  p90 ", "█", r"100\.000%\r\n", r"TEST +REQUESTS/S",
                        r"get +[\d,]+ "):
            terminal.expect(pattern)

    def test_control_c_prints_what_was_measured(self):
        terminal = self.terminal([BINARY, "bench", "--address", self.redis.address, "--duration",
                                  "300s", "-t", "set,get"])
        terminal.expect(r"set +\d+% .* of ")
        terminal.interrupt()
        terminal.expect(r"set: [\d,]+ requests in ")
        terminal.expect("stopped by Ctrl-C")
        # A server that stands still for the second in which the last answers are awaited loses them.
        status = terminal.wait()
        self.assertEqual(status, 1 if "requests got no answer" in terminal.screen else 0)
        self.assertNotIn("get:", terminal.screen)
        self.assertEqual(self.redis.call("DBSIZE"), 0)

    def test_control_c_in_a_pipe(self):
        test = self.interrupted(lambda: wait_until(lambda: self.redis.call("EXISTS", "n") == 1, 15, "the first request"),
                                "INCR", "n")
        self.assertEqual(str(test["requests"] + test["lost"]).encode(), self.redis.call("GET", "n"))

    def test_several_addresses_and_the_loss_of_one(self):
        other = harness.RedisServer(self.folder.path).start()
        self.addCleanup(other.kill)
        addresses = f"{self.redis.address},{other.address}"
        [test] = self.measured("-n", "1000", "-c", "10", "INCR", "n", address=addresses)
        each = int(self.redis.call("GET", "n")), int(other.call("GET", "n"))
        self.assertEqual(sum(each), 1000)
        self.assertGreater(min(each), 0)

        def kill():
            wait_until(lambda: int(other.call("GET", "n")) > each[1], 15, "the load")
            other.kill()
            wait_until(lambda: self.redis.call("CLIENT", "LIST").count(b"cmd=incr ") == 10, 15,
                       "all connections at the one that is left")
        test = self.interrupted(kill, "--rate", "2000", "-c", "10", "INCR", "n", address=addresses)
        self.assertEqual(test["reconnects"], 5)
        # From now on all go to the one that is left. It began with the first address that is gone.
        [test] = self.measured("-n", "100", "-c", "4", "PING", address=addresses)
        self.assertEqual(test["requests"], 100)

    def test_first_steps_that_go_wrong(self):
        for arguments, status, words in (
                (["-t", "st"], 2, "there is no st; did you mean set?"),
                (["-t", "set", "PING"], 2, "not both"),
                (["-c", "0"], 2, "--clients: 0 is not a number from 1"),
                (["--duration", "soon"], 2, "--duration: soon"),
                (["--rate", "x"], 2, "--rate: x is not a number"),
                (["--csv", "--json"], 2, "--csv and --json"),
                (["--token", "mydis_nobody_x", "PING"], 1, "mydis bench: 127.0.0.1"),
                (["--csv", "PING"], 1, "Connection refused"), (["--json", "PING"], 1, "Connection refused"),
                (["PING"], 1, "Connection refused")):
            with self.subTest(arguments=arguments):
                run = self.bench(*arguments,
                                 address="127.0.0.1:1" if words.endswith("refused") else None)
                self.assertEqual(run.returncode, status, run)
                self.assertIn(words, run.stderr.decode())
                self.assertEqual((run.stdout, run.stderr.count(b"\n")), (b"", 1))


class BenchOfACluster(CliTest):
    def test_strong_and_a_wrong_port(self):
        cluster = harness.Cluster(1, binary=BINARY)
        self.addCleanup(cluster.close)
        run = self.run_program([BINARY, "bench", "--address", cluster[0].address, "--strong", "--json",
                                "-t", "set,get", "-n", "500"])
        self.assertEqual((run.returncode, run.stderr), (0, b""))
        self.assertEqual([t["errors"] for t in json.loads(run.stdout)["tests"]], [0, 0])
        for port, words in ((cluster[0].http_port, "it speaks HTTP: give the Redis port"),
                            (cluster[0].raft_port, "is that a Redis port, 2381 by default?")):
            run = self.run_program([BINARY, "bench", "--address", f"127.0.0.1:{port}", "-n", "10"])
            self.assertEqual(run.returncode, 1)
            self.assertIn(words, run.stderr.decode())
            self.assertEqual(run.stderr.count(b"\n"), 1)


if __name__ == "__main__":
    main()

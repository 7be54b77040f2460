#!/usr/bin/python3
"""`mydis cli` beyond commands: JSON, where to connect, --scan, --bigkeys, --stat, --latency, --eval,
--pipe, consistency, and what it says to whoever gets it wrong."""

import json
import os
import signal
import socket
import subprocess
import threading

from support import BINARY, CliTest, harness, main, wait_until


class Modes(CliTest):
    def cli(self, *arguments, stdin="", status=0):
        run = self.run_program([*self.mydis_cli, *arguments], stdin)
        self.assertEqual(run.returncode, status, run)
        return run.stdout.decode()

    def test_json(self):
        self.redis.call("HSET", "h", "a", "1", "grün", "2")
        self.redis.call("SET", "binary", b"\xff\x00")
        for words, value in ((["HGETALL", "h"], {"a": "1", "grün": "2"}),
                             (["GET", "none"], None), (["HLEN", "h"], 2),
                             (["GET", "binary"], {"b64": "/wA="}),
                             (["LRANGE", "none", "0", "-1"], []), (["SET", "k", 'a"\n'], "OK"),
                             (["GET", "k"], 'a"\n'),
                             (["DEBUG", "PROTOCOL", "double"], 3.141)):
            with self.subTest(words=words):
                text = self.cli("--json", *words)
                self.assertEqual(json.loads(text), value)
                self.assertEqual(text.count("\n"), 1)
        error = json.loads(self.cli("--json", "LPUSH", "k", "x", status=1))
        self.assertEqual(error["error"]["code"], "WRONGTYPE")
        lines = self.cli("--json", stdin="SET a 1\nINCR a\nMGET a none\n").splitlines()
        self.assertEqual([json.loads(line) for line in lines], ["OK", 2, ["2", None]])
        info = json.loads(self.cli("--json", "INFO", "server"))
        self.assertIn("redis_version:", info)

    def test_where_to_connect(self):
        port = str(self.redis.redis_port)
        for options in (["-p", port], ["-h", "127.0.0.1", "-p", port], ["-h", "localhost", "-p", port],
                        ["-u", f"redis://127.0.0.1:{port}"], ["--address", f"127.0.0.1:{port}"]):
            run = self.run_program([BINARY, "cli", *options, "PING"])
            self.assertEqual((run.returncode, run.stdout), (0, b"PONG\n"), options)
        run = self.run_program([BINARY, "cli", "-u", f"redis://127.0.0.1:{port}/3", "SET", "k", "v"])
        self.assertEqual(self.cli("-n", "3", "GET", "k"), "v\n")
        run = self.run_program([BINARY, "cli", "-p", port, "-u", "redis://x", "PING"])
        self.assertEqual(run.returncode, 2)
        self.assertIn(b"one of them", run.stderr)
        self.assertIn(b"Usage: mydis cli", self.run_program([BINARY, "cli", "-h"]).stdout)

    def test_log_in(self):
        self.redis.call("ACL", "SETUSER", "ann", "on", ">s@cret:1", "~*", "+@all")
        self.addCleanup(self.redis.call, "ACL", "DELUSER", "ann")
        port = self.redis.redis_port
        run = self.run_program([BINARY, "cli", "-u", f"redis://ann:s%40cret:1@127.0.0.1:{port}",
                                "ACL", "WHOAMI"])
        self.assertEqual(run.stdout, b"ann\n")
        terminal = self.terminal([*self.mydis_cli, "--user", "ann", "--askpass", "ACL", "WHOAMI"])
        terminal.expect("Password: ")
        terminal.line("s@cret:1")
        terminal.expect('"ann"')
        self.assertEqual(terminal.wait(), 0)
        self.assertNotIn("s@cret", terminal.screen)

    def test_scan(self):
        names = {f"user:{i}" for i in range(2500)}
        self.redis.call("MSET", *[word for name in names for word in (name, "x")])
        self.redis.call("RPUSH", "list one", "x")
        got = self.cli("--scan").splitlines()
        self.assertEqual(set(got), names | {"list one"})
        self.assertEqual(set(self.cli("--scan", "--pattern", "user:1??").splitlines()),
                         {f"user:1{i:02}" for i in range(100)})
        self.assertEqual(self.cli("--scan", "--type", "list"), "list one\n")
        self.assertEqual(self.cli("--scan", "--type", "list", "--no-raw"), '"list one"\n')
        self.assertEqual(json.loads(self.cli("--scan", "--type", "list", "--json")), "list one")

    def test_bigkeys(self):
        for i in range(30):
            self.redis.call("SET", f"small:{i}", "x")
        self.redis.call("SET", "large", "x" * 100_000)
        self.redis.call("RPUSH", "list", *range(10_000))
        self.redis.call("HSET", "hash", "field", "value")
        self.redis.call("XADD", "stream", "*", "a", "b")
        rows = [line.split("\t") for line in self.cli("--bigkeys").splitlines()]
        self.assertEqual(rows[0], ["bytes", "elements", "type", "key"])
        self.assertEqual(rows[1][1:], ["100000", "string", '"large"'])
        self.assertEqual(rows[2][1:], ["10000", "list", '"list"'])
        self.assertEqual(len(rows), 21)
        sizes = [int(row[0]) for row in rows[1:]]
        self.assertEqual(sizes, sorted(sizes, reverse=True))
        people = self.cli("--bigkeys", "--no-raw")
        for pattern in (r"TYPE +KEYS +MEMORY +ELEMENTS", r"string +31 ", r"stream +1 ", r'"large"'):
            self.assertRegex(people, pattern)
        rows = self.cli("--bigkeys", "--pattern", "h*").splitlines()
        self.assertEqual(len(rows), 2)
        self.redis.call("FLUSHALL")
        self.assertEqual(self.cli("--bigkeys"), "bytes\telements\ttype\tkey\n")

    def test_stat(self):
        self.redis.call("MSET", "a", "1", "b", "2")
        lines = self.cli("--stat", "-r", "3", "-i", "0.01").splitlines()
        header, *rows = [line.split("\t") for line in lines]
        self.assertEqual(len(rows), 3)
        first = dict(zip(header, rows[0]))
        self.assertEqual((first["keys"], first["role"]), ("2", "master"))
        requests = [int(row[header.index("requests")]) for row in rows]
        self.assertEqual(requests, sorted(set(requests)))
        terminal = self.terminal([*self.mydis_cli, "--stat", "-i", "0.01"])
        terminal.expect(r"KEYS +MEMORY .*\r\n +2 +[\d.]+ KB|MB")
        terminal.interrupt()
        self.assertEqual(terminal.wait(), -signal.SIGINT)

    def test_latency(self):
        header, row = self.cli("--latency", "-i", "0.1").splitlines()
        values = dict(zip(header.split("\t"), row.split("\t")))
        self.assertGreater(int(values["samples"]), 0)
        self.assertLessEqual(float(values["min_ms"]), float(values["p50_ms"]))
        self.cli("--latency", "-i", "0.05", "INCR", "n")
        self.assertGreater(int(self.redis.call("GET", "n")), 1)
        terminal = self.terminal([*self.mydis_cli, "--latency"])
        terminal.expect(r"\d+ samples, min [\d.]+ ms, mean ")
        terminal.interrupt()
        self.assertEqual(terminal.wait(), 0)

    def test_eval(self):
        path = os.path.join(self.folder.path, "script.lua")
        with open(path, "w") as file:
            file.write("return {#KEYS, KEYS[1], #ARGV, ARGV[2]}")
        self.assertEqual(self.cli("--eval", path, "k1", "k2", ",", "a", "b", ","), "2\nk1\n3\nb\n")
        # A list of Lua ends before what is nil.
        self.assertEqual(self.cli("--eval", path), "0\n")
        run = self.run_program([*self.mydis_cli, "--eval", path + "x"])
        self.assertEqual(run.returncode, 1)
        self.assertIn(b"cannot be read: No such file", run.stderr)

    def test_pipe(self):
        lines = "".join(f"RPUSH list {i}\n" for i in range(5000))
        self.assertEqual(self.cli("--pipe", stdin=lines), "errors: 0, replies: 5000\n")
        self.assertEqual(self.redis.call("LLEN", "list"), 5000)
        value = "x" * 3_000_000
        protocol = f"*3\r\n$3\r\nSET\r\n$4\r\nlong\r\n${len(value)}\r\n{value}\r\nINCR n\r\nINCR list\r\n"
        run = self.run_program([*self.mydis_cli, "--pipe"], protocol)
        self.assertEqual((run.returncode, run.stdout), (1, b"errors: 1, replies: 3\n"))
        self.assertIn(b"command 3 of the input: WRONGTYPE", run.stderr)
        self.assertEqual(self.redis.call("STRLEN", "long"), len(value))
        for broken, words in (("SET a 1\n*2\r\n$3\r\nGET", b"is not complete; 1 commands"),
                              ("SET a 1\n*2\r\n$3\r\nGET\r\n!1\r\n", b"expected '$', got '!'"),
                              ("GET 'a\n", b"unbalanced quotes")):
            run = self.run_program([*self.mydis_cli, "--pipe"], broken)
            self.assertEqual(run.returncode, 1)
            self.assertIn(words, run.stderr)

    def test_options_of_redis_cli(self):
        self.assertEqual(self.cli("-t", "20", "-2", "--no-auth-warning", "-e", "SET", "k", "v"), "OK\n")
        self.redis.call("RPUSH", "list", "a", "b", "c")
        self.assertEqual(self.cli("-d", ", ", "LRANGE", "list", "0", "-1"), "a, b, c\n")
        self.assertEqual(self.cli("-X", "VALUE", "SET", "k", "VALUE", "EX", "100", stdin="of a file\n"), "OK\n")
        self.assertEqual(self.redis.call("GET", "k"), b"of a file\n")
        self.cli("--quoted-input", "SET", r'"\x00a b"', "plain")
        self.assertEqual(self.redis.call("GET", b"\x00a b"), b"plain")
        self.assertEqual(json.loads(self.cli("-2", "--json", "CONFIG", "GET", "maxmemory")), ["maxmemory", "0"])
        run = self.run_program([*self.mydis_cli, "-e"], "PING\nFOO\n")
        self.assertEqual((run.returncode, run.stdout), (1, b"PONG\n"))
        self.assertIn(b"unknown command", run.stderr)
        self.redis.call("CONFIG", "RESETSTAT")
        self.redis.call("MSET", *[word for i in range(100) for word in (f"key:{i}", "x")])
        self.assertEqual(len(self.cli("--scan", "--count", "10", "--pattern", "key:*").splitlines()), 100)
        self.assertIn(b"cmdstat_scan:calls=1", self.redis.call("INFO", "commandstats"))
        self.assertNotIn(b"cmdstat_scan:calls=1,", self.redis.call("INFO", "commandstats"))

    def test_what_follows_two_dashes_is_the_command(self):
        self.assertEqual(self.cli("--raw", "--", "ECHO", "--raw"), "--raw\n")
        self.assertEqual(self.cli("ECHO", "--"), "--\n")
        self.assertEqual(self.cli("--", "ECHO", "--"), "--\n")

    def test_figures_as_json_and_csv(self):
        self.redis.call("RPUSH", b"li\xffst", "a", "b")
        [row] = map(json.loads, self.cli("--bigkeys", "--json").splitlines())
        self.assertGreater(row.pop("bytes"), 0)
        self.assertEqual(row, {"elements": 2, "type": "list", "key": {"b64": "bGn/c3Q="}})
        self.assertRegex(self.cli("--bigkeys", "--csv"), r'^bytes,elements,type,key\n\d+,2,list,"li\\xffst"\n$')
        rows = [json.loads(line) for line in self.cli("--stat", "-r", "2", "-i", "0.01", "--json").splitlines()]
        self.assertEqual([(row["keys"], row["role"], row["revision"]) for row in rows], [(1, "master", None)] * 2)
        self.assertRegex(self.cli("--stat", "-r", "1", "--csv"), r"^keys,memory,.*\n1,\d+,.*,master,-\n$")
        [row] = map(json.loads, self.cli("--latency", "-i", "0.05", "--json").splitlines())
        self.assertGreater(row["samples"], 0)
        self.assertLessEqual(row["min_ms"], row["max_ms"])

    def test_wrong_command_lines(self):
        for arguments, words in ((["--scan", "--stat"], "--scan and --stat exclude each other"),
                                 (["--json", "--csv", "PING"], "--json and --csv"),
                                 (["--pattern", "x", "PING"], "belong to --scan or --bigkeys"),
                                 (["--scan", "GET", "k"], "take no command"),
                                 (["--write-consistency", "x", "PING"], "is not one of: eventual"),
                                 (["-p", "99999", "PING"], "one of them"),
                                 (["--jsno", "PING"], "did you mean --json?"),
                                 (["-g", "PING"], "-g is not an option; try mydis cli --help"),
                                 (["-c", "PING"], "-c is not an option: it is not needed, any instance"),
                                 (["--cacert", "ca.crt", "PING"], "say --tls-ca FILE"),
                                 (["--rdb", "dump.rdb"], "mydis export FILE"),
                                 (["--scan", "--type", "foo"], "--type: foo is not one of: string|list"),
                                 (["--scan", "--type", "set|list"], "is not one of: string|list"),
                                 (["--scan", "--count", "0"], "--count: 0 is not a number from 1"),
                                 (["-2", "-3", "PING"], "-2 and -3"), (["-x", "-X", "a", "SET", "a"], "-x and -X"),
                                 (["-X", "T", "SET", "k"], "-X T: no argument of the command is T"),
                                 (["--quoted-input", "GET", "'a"], "--quoted-input: 'a is not one word"),
                                 (["-t", "0", "PING"], "--connect-timeout: give more than 0"),
                                 (["--", "--jsno"], "unknown command")):
            with self.subTest(arguments=arguments):
                run = self.run_program([*self.mydis_cli, *arguments])
                self.assertEqual(run.returncode, 1 if arguments[0] == "--" else 2)
                self.assertIn(words, run.stderr.decode())
                self.assertEqual(run.stderr.count(b"\n"), 1)


class OfACluster(CliTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cluster = harness.Cluster(1, binary=BINARY)
        cls.addClassCleanup(cls.cluster.close)

    def run_cli(self, *arguments, port=None):
        return self.run_program([BINARY, "cli", "-p", str(port or self.cluster[0].redis_port),
                                 *arguments])

    def test_consistency(self):
        for options, expected in ((["--strong"], "strong strong"), ([], "eventual eventual"),
                                  (["--read-consistency", "strong"], "strong eventual"),
                                  (["--strong", "--write-consistency", "eventual"],
                                   "strong eventual")):
            run = self.run_cli("--json", *options, "CLIENT", "CONSISTENCY")
            told = json.loads(run.stdout)
            self.assertEqual(f"{told['read']} {told['write']}", expected)
        self.assertEqual(self.run_cli("--strong", "SET", "k", "v").stdout, b"OK\n")

    def test_consistency_lasts_over_a_new_connection(self):
        terminal = self.terminal([BINARY, "cli", "--address", self.cluster[0].address, "--strong"])
        terminal.expect("> $")
        self.cluster[0].call("CLIENT", "KILL", "TYPE", "normal")
        # The instance answers before it has ended them all.
        wait_until(lambda: self.cluster[0].call("CLIENT", "LIST").count(b"\n") == 1, 20, "their end")
        terminal.line("CLIENT CONSISTENCY")
        terminal.expect("connecting again")
        terminal.expect('"read"\r\n2\\) "strong"')

    def test_bigkeys_and_stat(self):
        self.cluster[0].call("RPUSH", "list", *range(100))
        self.assertIn(b'\t100\tlist\t"list"\n', self.run_cli("--bigkeys").stdout)
        lines = self.run_cli("--stat", "-r", "1").stdout.decode().splitlines()
        self.assertTrue(int(dict(zip(*[line.split("\t") for line in lines]))["revision"]) > 0)

    def test_wrong_ports(self):
        instance = self.cluster[0]
        for port, words in ((instance.http_port, "it speaks HTTP: give the Redis port instead"),
                            (instance.raft_port, "is that a Redis port, 2381 by default?"),
                            (instance.raft_port + 1, "is that a Redis port, 2381 by default?"),
                            (1, "mydis server starts it")):
            for arguments in (["cli", "-p", str(port), "SET", "k", "v"],
                              ["cluster", "--address", f"127.0.0.1:{port}", "status"]):
                run = self.run_program([BINARY, *arguments])
                self.assertEqual(run.returncode, 1)
                self.assertIn(words, run.stderr.decode())
                self.assertEqual(run.stderr.count(b"\n"), 1)

    def test_a_port_that_wants_tls(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            def answer():
                connection, _ = server.accept()
                connection.recv(100)
                connection.sendall(b"\x15\x03\x03\x00\x02\x02\x46")
                connection.close()
            thread = threading.Thread(target=answer)
            thread.start()
            run = self.run_cli("PING", port=server.getsockname()[1])
            thread.join()
        self.assertIn(b"it speaks TLS, and was spoken to without", run.stderr)


class TheProgramAlone(CliTest):
    def test_without_a_subcommand(self):
        terminal = self.terminal([BINARY])
        self.assertEqual(terminal.wait(), 2)
        for words in ("Usage: mydis SUBCOMMAND", "First steps", "mydis cli SET greeting hello"):
            self.assertIn(words, terminal.screen)
        run = self.run_program([BINARY])
        self.assertEqual((run.returncode, run.stdout), (2, b""))

    def test_words_of_other_places(self):
        for word, place in (("status", "did you mean mydis cluster status?"),
                            ("revoke", "did you mean mydis token revoke?"),
                            ("set", "mydis cluster set?"), ("LRANGE", "did you mean mydis cli LRANGE?"),
                            ("serve", "did you mean server?"), ("xyzzy", "mydis --help lists them")):
            run = self.run_program([BINARY, word])
            self.assertEqual(run.returncode, 2)
            self.assertIn(place, run.stderr.decode())
            self.assertEqual(run.stderr.count(b"\n"), 1)

    def test_nothing_is_coloured(self):
        terminal = self.terminal([BINARY, "--help"], term="xterm-256color")
        terminal.wait()
        self.assertNotIn("\x1b", terminal.screen)

    def test_every_help_has_examples(self):
        listed = self.run_program([BINARY, "--help"]).stdout.decode().partition("First")[0]
        for line in listed.splitlines():
            if not line.startswith("  "):
                continue
            text = self.run_program([BINARY, line.split()[0], "--help"]).stdout.decode()
            self.assertIn("\nExamples\n  ", text, line)
            self.assertLessEqual(max(map(len, text.splitlines())), 100)

    def test_scan_into_a_closed_pipe(self):
        for i in range(5000):
            self.redis.call("SET", f"a-rather-long-name-of-a-key:{i:060}", "x")
        run = subprocess.run(f"{BINARY} cli -p {self.redis.redis_port} --scan | head -1", shell=True,
                             capture_output=True, timeout=30)
        self.assertEqual((run.stdout.count(b"\n"), run.stderr), (1, b""))


if __name__ == "__main__":
    main()

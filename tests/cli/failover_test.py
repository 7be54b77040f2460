#!/usr/bin/python3
"""`mydis cli` goes on when its instance dies: piped lines, --pipe, transactions, subscriptions, and what a
session has been told; nothing is lost, nothing happens twice. And what it cannot repeat, it says."""

import subprocess
import threading
import unittest

from failover import LIMIT, BeforeRedis, Running, ThreeInstances
from support import BINARY, harness, main, wait_until


class OfThree(ThreeInstances):
    def test_piped_lines(self):
        for key, leads, kill in (("follower", False, True), ("leader", True, True), ("stopped", True, False)):
            with self.subTest(key):
                if not self.victim.alive():
                    self.victim.start()
                if leads:
                    self.victim, self.rest = self.cluster.leader(), self.cluster.followers()
                run = self.start()
                writer = threading.Thread(target=run.feed, args=(f"INCR {key}\nGET {key}\n" * 1800,))
                writer.start()
                before = run.lines(1400)
                self.victim.kill() if kill else self.victim.stop()
                writer.join()
                run.feed(f"INCR {key}\nGET {key}\n" * 200)  # However far it has come by then.
                after = run.lines(2600)
                rest, error = run.finish()
                self.assertEqual(before + after + rest, [str(n) for n in range(1, 2001) for _ in range(2)])
                self.assertIn(f"The connection to {self.victim.address} has ended; connecting again.", error)
                self.assertEqual(self.rest[0].call("STRONG", "GET", key), b"2000")

    def test_an_instance_that_stands_still(self):
        """Nobody closes its connections; who listens there is taken elsewhere, too."""
        listener = self.start("SUBSCRIBE", "news")
        run = self.start()
        run.feed("INCR n\n")
        self.assertEqual((run.lines(1), listener.lines(3)), (["1"], ["subscribe", "news", "1"]))
        self.victim.pause()
        run.feed("INCR n\nINCR n\n")
        self.assertEqual(run.lines(2), ["2", "3"])
        wait_until(lambda: sum(i.call("PUBSUB", "NUMSUB", "news")[1] for i in self.rest), 60, "the listener")
        self.rest[0].call("PUBLISH", "news", "good")
        self.assertEqual(listener.lines(3), ["message", "news", "good"])
        _, error = run.finish()
        self.assertIn(f"{self.victim.address} stands still; trying another instance.", error)
        self.victim.resume()
        self.assertEqual(self.victim.call("STRONG", "GET", "n"), b"3")

    def test_what_is_refused_is_taken_elsewhere(self):
        out, error = self.run_refused(None, "GET n\nINCR n\nINCR n\n")
        self.assertEqual(out, ["", "1", "2"])
        self.assertIn("refuses (NOTCOMMITTED this instance is stopping; nothing was written); trying another", error)
        out, _ = self.run_refused(None, "MULTI\nINCR m\nEXEC\nINCR m\n")
        self.assertEqual(out, ["OK", "QUEUED", "1", "2"])
        out, _ = self.run_refused(None, "RPUSH l a\nRPUSH l b\nRPUSH l c\n", "--pipe")
        self.assertEqual(out, ["errors: 0, replies: 3"])
        self.assertEqual(self.other.call("STRONG", "LRANGE", "l", 0, -1), [b"a", b"b", b"c"])

    def test_what_is_refused_is_not_carried_out_behind_what_was_not(self):
        out, error = self.run_refused(1, "RPUSH l a\nRPUSH l b\nRPUSH l c\n", "--pipe", status=1)
        self.assertEqual(out, ["errors: 1, replies: 3"])
        self.assertIn("command 1 of the input: NOTCOMMITTED", error)
        self.assertEqual(self.other.call("STRONG", "LRANGE", "l", 0, -1), [b"b", b"c"])

    def test_what_all_refuse_is_refused(self):
        """Of three, two are gone: it is asked at each address once."""
        for instance in self.rest:
            instance.kill()
        run = subprocess.run([BINARY, "cli", "--address", f"{self.victim.address},{self.victim.address}", "SET", "k",
                              "v"], capture_output=True, text=True, timeout=LIMIT)
        self.assertEqual((run.returncode, run.stdout), (1, ""))
        self.assertEqual(run.stderr.count("trying another instance"), 1, run.stderr)
        self.assertRegex(run.stderr.splitlines()[-1], "^[A-Z]+ ")

    def test_what_was_seen_is_seen_elsewhere(self):
        """The instance that is gone to catches up, with a strong read of the client's."""
        out, _ = self.run_cut("GET", ["INCR n", "GET n"], before=True)
        self.assertEqual(out, ["1", "1"])
        self.assertIn("cmdstat_dbsize", self.rest[0].info("commandstats"))

    def test_mass_insertion(self):
        count = 200_000
        commands = [("INCR n", f"SET key:{i} {i}", f"RPUSH list {i}")[i % 3] for i in range(count)]
        first, second = "\n".join(commands[:120_000]) + "\n", "\n".join(commands[120_000:]) + "\n"
        run = self.start("--pipe")
        writer = threading.Thread(target=run.feed, args=(first,))
        writer.start()
        wait_until(lambda: int(self.other.call("GET", "n") or 0) > 5000, 60, "a part to be there")
        self.victim.kill()
        writer.join()
        run.feed(second)
        out, error = run.finish()
        self.assertEqual(out, [f"errors: 0, replies: {count}"])
        self.assertIn("connecting again", error)
        self.assertEqual(int(self.other.call("STRONG", "GET", "n")), len(range(0, count, 3)))
        self.assertEqual(self.other.call("DBSIZE"), len(range(1, count, 3)) + 2)
        self.assertEqual(self.other.call("LRANGE", "list", 0, -1), [b"%d" % i for i in range(2, count, 3)])

    def test_mass_insertion_with_transactions(self):
        """The database is selected, transactions are cut anywhere, and one word is longer than the window."""
        text = "SELECT 3\n" + "".join(
            f"MULTI\nINCR n\nRPUSH list {i}\nEXEC\nRPUSH list +\n" for i in range(4000))
        run = self.start("--pipe")
        run.feed(text[:len(text) // 4 + 3])
        with self.other.connect() as client:
            client.call("SELECT", 3)
            wait_until(lambda: int(client.call("GET", "n") or 0) > 300, 60, "a part to be there")
            self.victim.kill()
            run.feed(text[len(text) // 4 + 3:])
            run.feed(f"*3\r\n$3\r\nSET\r\n$4\r\nlong\r\n${10 << 20}\r\n{'x' * (10 << 20)}\r\n")
            out, _ = run.finish()
            self.assertEqual(out, ["errors: 0, replies: 20002"])
            self.assertEqual(client.call("STRONG", "GET", "n"), b"4000")
            self.assertEqual(client.call("STRLEN", "long"), 10 << 20)
            self.assertEqual(client.call("LRANGE", "list", 0, -1),
                             [word for i in range(4000) for word in (b"%d" % i, b"+")])

    def test_a_transaction_cut_in_half(self):
        run = self.start()
        run.feed("SELECT 3\nCLIENT SETNAME me\nMULTI\nINCR n\nNONSENSE\nSELECT 4\n")
        first = run.lines(7)  # An empty line follows an error.
        self.assertEqual(first[:4] + first[6:], ["OK", "OK", "OK", "QUEUED", "QUEUED"])
        self.assertIn("unknown command", first[4])
        run.feed("EXEC\nMULTI\nINCR n\nSELECT 4\nINCR n\n")
        second = run.lines(6)
        self.assertIn("EXECABORT", second[0])
        self.assertEqual(second[2:], ["OK"] + ["QUEUED"] * 3)
        self.victim.kill()
        run.feed("INCR n\nEXEC\nCLIENT GETNAME\nGET n\n")
        self.assertEqual(run.lines(7), ["QUEUED", "1", "OK", "1", "2", "me", "2"])
        run.process.stdin.close()
        self.assertEqual(run.process.wait(LIMIT), 1)  # For the error that was asked for.

    def test_answers_that_are_lost(self):
        """Each is carried out, and its answer lost: what comes then is the first answer."""
        for word, lines, answers in (
                ("INCRBY", ["INCRBY n 5", "GET n"], ["5", "5"]),
                ("RPUSH", ["RPUSH l a", "STRONG LLEN l"], ["1", "1"]),
                ("EXEC", ["MULTI", "INCR m", "RPUSH l2 x", "EXEC", "GET m"],
                 ["OK", "QUEUED", "QUEUED", "1", "1", "1"]),
                ("SADD", ["STRONG SADD s a b"], ["2"]),
                ("XADD", ["XADD x 1-1 a b", "XLEN x"], ["1-1", "1"]),
                ("ONCE", ["ONCE my-id INCR o", "GET o"], ["1", "1"]),
                ("EVAL", ["EVAL 'return redis.call(\"INCR\", KEYS[1])' 1 e", "GET e"], ["1", "1"])):
            with self.subTest(word=word):
                out, error = self.run_cut(word, lines)
                self.assertEqual(out, answers)
                self.assertEqual(error.count("\n"), 2, error)

    def test_what_changes_nothing_is_sent_again(self):
        for word, lines, answers in (("PING", ["PING"], ["PONG"]), ("GET", ["GET none"], [""]),
                                     ("ECHO", ["ECHO a"], ["a"]), ("SELECT", ["SELECT 2", "SET k v"], ["OK", "OK"])):
            out, _ = self.run_cut(word, lines, before=True)
            self.assertEqual(out, answers)

    def test_a_watched_key_counts_as_changed(self):
        run = self.start()
        run.feed("WATCH k\nGET k\nMULTI\nINCR n\n")
        self.assertEqual(run.lines(4), ["OK", "", "OK", "QUEUED"])
        self.victim.kill()
        run.feed("EXEC\nGET n\nWATCH k\nMULTI\nINCR n\nEXEC\n")
        self.assertEqual(run.finish()[0], ["", "", "OK", "OK", "QUEUED", "1"])

    def test_a_watched_key_and_an_answer_that_is_lost(self):
        lines = ["WATCH k", "MULTI", "INCR n", "EXEC", "GET n"]
        self.assertEqual(self.run_cut("EXEC", lines)[0], ["OK", "OK", "QUEUED", "1", "1"])
        self.assertEqual(self.run_cut("EXEC", lines, before=True)[0], ["OK", "OK", "QUEUED", "", "1"])

    def test_what_cannot_be_repeated_is_said(self):
        out, error = self.run_cut("SLOWLOG", ["INCR a", "CONFIG RESETSTAT", "SLOWLOG GET 0"])
        self.assertEqual(out, ["1", "OK", ""])
        out, error = self.run_cut("RESETSTAT", ["INCR b", "CONFIG RESETSTAT", "INCR b"], status=1)
        self.assertEqual(out, ["1"])
        self.assertIn("the command may or may not have taken effect", error)
        self.assertIn("stopped at line 2; the lines after it were not sent", error)
        self.assertEqual(self.other.call("STRONG", "GET", "b"), b"1")
        # EXEC would do it again.
        out, error = self.run_cut("EXEC", ["MULTI", "CONFIG RESETSTAT", "INCR c", "EXEC"], status=1)
        self.assertEqual(out, ["OK", "QUEUED", "QUEUED"])
        self.assertIn("The transaction may or may not have changed anything", error)

    def test_what_cannot_be_repeated_goes_alone(self):
        """Nothing of a stream is in doubt with it."""
        cut = self.cut("RESETSTAT", before=True)
        run = subprocess.run([BINARY, "cli", *self.addresses(cut), "--pipe"], capture_output=True, text=True,
                             input="INCR a\nCONFIG RESETSTAT\nINCR a\nINCR a\n", timeout=LIMIT)
        self.assertEqual((run.returncode, run.stdout), (1, ""))
        self.assertRegex(run.stderr, r"may or may not have taken effect; 1 commands were answered before\n\Z")
        self.assertEqual(self.other.call("STRONG", "GET", "a"), b"1")

    def test_repetitions_and_standard_input(self):
        run = subprocess.run([BINARY, "cli", *self.addresses(self.cut("INCR")), "-r", "5", "INCR", "n"],
                             capture_output=True, text=True, timeout=LIMIT)
        self.assertEqual((run.returncode, run.stdout), (0, "1\n2\n3\n4\n5\n"))
        run = subprocess.run([BINARY, "cli", *self.addresses(self.cut("APPEND")), "-x", "APPEND", "k"], input="value",
                             capture_output=True, text=True, timeout=LIMIT)
        self.assertEqual((run.returncode, run.stdout), (0, "5\n"))

    def test_a_blocking_pop(self):
        for cut in (False, True):
            with self.subTest(cut=cut):
                first = self.cut("BLPOP") if cut else None
                run = Running(self, *self.addresses(first), "BLPOP", "queue", "0")
                blocked = lambda one: one.info("clients")["blocked_clients"] == "1"
                wait_until(lambda: blocked(self.victim), 20, "the client to block")
                if not cut:
                    self.victim.kill()
                    wait_until(lambda: any(map(blocked, self.rest)), 20, "the client to block elsewhere")
                self.other.call("RPUSH", "queue", "one", "two")
                self.assertEqual(run.finish()[0], ["queue", "one"])
                self.assertEqual(self.other.call("LPOP", "queue"), b"two")
                self.assertEqual(self.other.call("LLEN", "queue"), 0)
                if not cut:
                    self.victim.start()

    def test_subscriptions(self):
        for words, kind in ((["SUBSCRIBE", "news"], ["message", "news"]),
                            (["PSUBSCRIBE", "n*"], ["pmessage", "n*", "news"])):
            run = self.start(*words)
            self.assertEqual(run.lines(3), [words[0].lower(), words[1], "1"])
            self.other.call("PUBLISH", "news", "one")
            self.assertEqual(run.lines(len(kind) + 1), [*kind, "one"])
            self.victim.kill()
            self.assertIn("connecting again", run.process.stderr.readline().decode())
            self.assertIn("Connected to", run.process.stderr.readline().decode())
            self.other.call("PUBLISH", "news", "two")
            self.assertEqual(run.lines(len(kind) + 1), [*kind, "two"])
            self.victim.start()

    def test_scan(self):
        with self.other.connect() as client:
            for i in range(0, 5000, 100):
                client.call("MSET", *[word for n in range(i, i + 100) for word in (f"key:{n}", "x")])
        cut = self.cut("SCAN")
        run = subprocess.run([BINARY, "cli", *self.addresses(cut), "--scan"], capture_output=True, text=True,
                             timeout=LIMIT)
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertEqual(sorted(run.stdout.splitlines()), sorted(f"key:{n}" for n in range(5000)))


class OfOne(unittest.TestCase):
    def setUp(self):
        self.cluster = harness.Cluster(1, binary=BINARY)
        self.addCleanup(self.cluster.close)

    def test_the_instance_is_started_again(self):
        instance = self.cluster[0]
        for mode, answers in (([], [str(n) for n in range(1, 2001)]), (["--pipe"], ["errors: 0, replies: 2000"])):
            run = Running(self, "--address", instance.address, "-n", "2", *mode)
            run.feed("INCR n\n" * 700)
            with instance.connect() as client:
                client.call("SELECT", 2)
                wait_until(lambda: int(client.call("GET", "n") or 0) >= 700, 60, "a part to be there")
            instance.kill()
            run.feed("INCR n\n" * 1300)
            instance.spawn()
            self.assertEqual(run.finish()[0], answers)
            instance.wait_ready()
            instance.call("FLUSHALL")

    def test_nobody_comes_back(self):
        instance = self.cluster[0]
        run = Running(self, "--address", instance.address, "--timeout", "3s")
        run.feed("SET a 1\n")
        self.assertEqual(run.lines(1), ["OK"])
        instance.kill()
        run.feed("GET a\nGET a\n")
        out, error = run.process.communicate(timeout=LIMIT)
        self.assertEqual((run.process.returncode, out), (1, b""))
        self.assertIn(b"no instance has answered for 3 s", error)
        self.assertIn(b"nothing has changed", error)
        self.assertIn(b"stopped at line 2", error)


class OfRedis(BeforeRedis):
    def test_plain_use(self):
        text = "MULTI\nINCR n\nINCR n\nEXEC\nWATCH n\nMULTI\nINCR n\nEXEC\nINCR n\nGET n\n"
        run = self.run_program(self.mydis_cli, text)
        self.assertEqual(run.stdout.decode().split(), "OK QUEUED QUEUED 1 2 OK OK QUEUED 3 4 4".split())
        run = self.run_program([*self.mydis_cli, "--pipe"], text)
        self.assertEqual(run.stdout, b"errors: 0, replies: 10\n")
        self.assertEqual(self.redis.call("GET", "n"), b"8")

    def test_a_write_whose_answer_is_lost(self):
        for before in (False, True):
            out, error = self.run_cut("RPUSH", stdin="GET none\nRPUSH l x\nRPUSH l y\n", status=1, before=before)
            self.assertEqual(out, [""])
            self.assertIn("the command may or may not have taken effect", error)
            self.assertIn("stopped at line 2", error)
        self.assertEqual(self.redis.call("LRANGE", "l", 0, -1), [b"x"])
        out, error = self.run_cut("INCR", "--pipe", stdin="GET none\nINCR n\nINCR n\n", status=1)
        self.assertRegex(error, r"may or may not have taken effect; 1 commands were answered before; 1 behind it may")

    def test_what_changes_nothing_is_sent_again(self):
        self.redis.call("SET", "k", "v")
        self.assertEqual(self.run_cut("GET", stdin="PING\nGET k\n")[0], ["PONG", "v"])
        out, error = self.run_cut("GET", "GET", "k", status=1)
        self.assertIn("nothing has changed", error)

    def test_a_transaction_is_begun_again(self):
        out, _ = self.run_cut("mark", stdin="SELECT 1\nMULTI\nINCR n\nSET mark x\nEXEC\nGET n\n")
        self.assertEqual(out, ["OK", "OK", "QUEUED", "QUEUED", "1", "OK", "1"])
        out, error = self.run_cut("mark", stdin="WATCH w\nMULTI\nSET mark x\nEXEC\n", status=1)
        self.assertEqual(out, ["OK", "OK"])
        self.assertIn("has changed nothing: begin it again", error)

    def test_what_follows_a_refused_multi_is_no_transaction(self):
        self.redis.call("ACL", "SETUSER", "ann", "on", ">secret", "~*", "+@all", "-multi")
        self.addCleanup(self.redis.call, "ACL", "DELUSER", "ann")
        _, error = self.run_cut("INCR", "--user", "ann", "--pass", "secret", "--pipe", status=1,
                                stdin="GET none\nMULTI\nINCR n\nEXEC\n")
        self.assertIn("may or may not have taken effect", error)
        self.assertEqual(self.redis.call("GET", "n"), b"1")


if __name__ == "__main__":
    main()

#!/usr/bin/python3
"""What a session of `mydis cli` has been told holds at the next instance as it held before, whatever way it was told; and
nothing that the client cannot follow gets it out of step."""

import subprocess

from failover import LIMIT, BeforeRedis, Refusal, ThreeInstances
from support import BINARY, Terminal, main


class OfThree(ThreeInstances):
    def test_watched_behind_a_prefix(self):
        lines = ["STRONG WATCH k", "MULTI", "INCR n", "EXEC", "GET n"]
        self.assertEqual(self.run_cut("EXEC", lines, before=True)[0], ["OK", "OK", "QUEUED", "", ""])

    def test_watched_while_a_hint_is_asked_for(self):
        """The conversation notices the loss by a question of its own: it is the session's loss all the same."""
        self.other.call("ACL", "SETUSER", "ann", "on", ">secret", "~*", "&*", "+@all", "-command|docs")
        terminal = Terminal([BINARY, "cli", *self.addresses(), "--user", "ann", "--pass", "secret"],
                            {"MYDIS_HISTFILE": "/dev/null"}, term="xterm")
        self.addCleanup(terminal.close)
        for line, answer in (("WATCH k", "OK"), (None, None), ("GET k", r"\(nil\)"), ("MULTI", "OK"), ("INCR n", "QUEUED"),
                             ("EXEC", r"\(nil\)"), ("INCR n", r"\(integer\) 1")):
            if line is None:
                self.victim.kill()
                continue
            terminal.expect("> ")
            terminal.line(line)
            terminal.expect(f"\n{answer}")

    def test_the_user_is_the_last_that_was_logged_in(self):
        for name in ("ann", "bob"):
            self.other.call("ACL", "SETUSER", name, "on", ">secret", "~*", "&*", "+@all")
        out, _ = self.run_cut("ECHO", ["HELLO 2 AUTH ann secret SETNAME one", "AUTH bob secret", "ECHO x", "ACL WHOAMI",
                                       "CLIENT GETNAME"], before=True)
        self.assertEqual(out[-3:], ["x", "bob", "one"])

    def test_what_a_transaction_has_told(self):
        out, _ = self.run_cut("ECHO", ["MULTI", "SELECT 3", "SELECT 99", "CLIENT SETNAME me", "EXEC", "ECHO x",
                                       "CLIENT GETNAME", "SET k v"], before=True)
        self.assertEqual(out[-3:], ["x", "me", "OK"])
        with self.other.connect() as client:
            client.call("SELECT", 3)
            self.assertEqual(client.call("STRONG", "GET", "k"), b"v")

    def test_a_transaction_in_a_transaction(self):
        """The second MULTI is refused, and the first one's commands are no others."""
        cut = self.cut("RESETSTAT")
        run = subprocess.run([BINARY, "cli", *self.addresses(cut), "--pipe"], capture_output=True, text=True, timeout=LIMIT,
                             input="MULTI\nCONFIG RESETSTAT\nMULTI\nINCR n\nEXEC\nINCR n\n")
        self.assertEqual((run.returncode, run.stdout), (1, ""), run.stderr)
        self.assertIn("may or may not have taken effect; 4 commands were answered before", run.stderr)
        self.assertEqual(run.stderr.count("may or may not"), 1)

    def test_a_refusal_behind_what_may_have_happened(self):
        """It tells nothing of the first attempt."""
        one, two = Refusal(self.victim, words="UNKNOWN it may or may not"), Refusal(self.other)
        self.addCleanup(one.close)
        self.addCleanup(two.close)
        run = subprocess.run([BINARY, "cli", "--address", f"{one.address},{two.address}", "INCR", "n"], timeout=LIMIT,
                             capture_output=True, text=True)
        self.assertEqual((run.returncode, run.stdout), (1, ""))
        self.assertEqual(run.stderr.splitlines()[-1], "UNKNOWN the command may or may not have taken effect: NOTCOMMITTED "
                         "this instance is stopping; nothing was written")

    def test_what_is_refused_before_the_connection_ends(self):
        """What has no answer may have been carried out, so nothing that was refused goes behind it."""
        text = "".join(f"RPUSH l {c}\n" for c in "abcd")
        out, error = self.run_refused(2, text, "--pipe", status=1, ends=True)
        self.assertEqual(out, ["errors: 2, replies: 4"])
        self.assertIn("command 1 of the input: NOTCOMMITTED", error)
        self.assertEqual(self.other.call("STRONG", "LRANGE", "l", 0, -1), [b"c", b"d"])

    def test_what_is_meant_for_one_instance_is_done_to_no_other(self):
        run = self.start()
        run.feed("INCR n\n")
        self.assertEqual(run.lines(1), ["1"])
        self.victim.kill()
        _, error = run.process.communicate(b"SHUTDOWN\nINCR n\n", LIMIT)
        self.assertEqual(run.process.returncode, 1)
        self.assertIn(b"nothing has changed", error)
        self.assertIn(b"stopped at line 2", error)
        self.assertEqual([one.call("STRONG", "GET", "n") for one in self.rest], [b"1", b"1"])

    def test_an_instance_that_is_shut_down(self):
        """Its connection's end is the answer, as with redis-cli."""
        for text in (None, "INCR n\nSHUTDOWN\n"):
            run = subprocess.run([BINARY, "cli", *self.addresses(), *([] if text else ["SHUTDOWN"])], input=text,
                                 capture_output=True, text=True, timeout=LIMIT)
            self.assertEqual((run.returncode, run.stderr), (0, ""))
            self.victim.popen.wait(LIMIT)
            self.victim.start()


class OfRedis(BeforeRedis):
    def pipe(self, text):
        return self.run_program([*self.mydis_cli, "--pipe"], text)

    def test_what_has_not_one_answer_is_not_piped(self):
        for line, word in (("CLIENT REPLY OFF", "CLIENT"), ("client reply skip", "client"), ("SUBSCRIBE a b", "SUBSCRIBE"),
                           ("PUNSUBSCRIBE", "PUNSUBSCRIBE"), ("MONITOR", "MONITOR")):
            with self.subTest(line=line):
                run = self.pipe(f"INCR n\n{line}\nINCR n\n")
                self.assertEqual((run.returncode, run.stdout), (1, b""))
                self.assertEqual(run.stderr.decode(), f"mydis cli: command 2 of the input is {word}, which has not one "
                                 "answer like others: run it without --pipe; 1 commands were answered before\n")
        self.assertEqual(self.redis.call("GET", "n"), b"5")
        for text in ("CLIENT REPLY ON\n", "CLIENT REPLY MAYBE\n", "SUBSCRIBE\n"):
            self.assertRegex(self.pipe(f"{text}INCR n\n").stdout, rb"errors: \d, replies: 2\n")

    def test_who_may_not_begin_a_transaction_after_reset(self):
        self.redis.call("ACL", "SETUSER", "ann", "on", ">secret", "~*", "+@all")
        self.addCleanup(self.redis.call, "ACL", "SETUSER", "default", "+multi")
        self.redis.call("ACL", "SETUSER", "default", "-multi")
        _, error = self.run_cut("INCR", "--user", "ann", "--pass", "secret", "--pipe", status=1,
                                stdin="MULTI\nEXEC\nRESET\nMULTI\nINCR n\nEXEC\n")
        self.assertIn("may or may not have taken effect", error)
        self.assertEqual(self.redis.call("GET", "n"), b"1")

    def test_a_multi_with_too_many_words_begins_nothing(self):
        _, error = self.run_cut("INCR", "--pipe", status=1, stdin="MULTI\nEXEC\nMULTI 1\nINCR n\nEXEC\n")
        self.assertEqual(error.count("may or may not have taken effect"), 1, error)
        self.assertEqual(self.redis.call("GET", "n"), b"1")


if __name__ == "__main__":
    main()

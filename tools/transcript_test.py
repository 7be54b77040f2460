#!/usr/bin/python3
"""The transcript tool itself: the grammar, and every kind of mismatch seen red on a real redis-server."""

import os
import subprocess
import sys
import tempfile
import textwrap
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))

from transcriptlib import compare, cuts, grammar, notation, recorder, runner, targets  # noqa: E402

_TOOL = os.path.join(os.path.dirname(os.path.realpath(__file__)), "transcript")


def parse(text, need_replies=True):
    return grammar.parse("t.resp", textwrap.dedent(text), need_replies)


class NotationTest(unittest.TestCase):
    def test_words(self):
        self.assertEqual(notation.split_words('SET  k "a b\\x00\\n\\"" \'c "d\' {"x":1}'),
                         [b"SET", b"k", b'a b\x00\n"', b'c "d', b'{"x":1}'])
        self.assertEqual(notation.split_words('"ab"*3 "" \'\''), [b"ababab", b"", b""])
        for wrong in ('"a', '"a"b', "'a"):
            with self.assertRaises(notation.GrammarError):
                notation.split_words(wrong)

    def test_every_byte_survives(self):
        data = bytes(range(256))
        self.assertEqual(notation.parse_string(notation.quote(data)), data)

    def test_render(self):
        reply = ("*", [("+", b"OK"), ("-", b"ERR x"), (":", b"1"), ("$", b'a"\n'), ("$nil", None),
                       ("*nil", None), ("_", None), ("%", [("$", b"k"), (",", b"1.5")]),
                       ("~", [("#", b"t")]), ("(", b"123"), ("=", b"txt:x"), ("*", [])])
        text = notation.render(reply)
        self.assertEqual(text, ["*12", "  +OK", "  -ERR x", "  :1", '  "a\\"\\n"', "  (nil)",
                                "  (nil-array)", "  (null)", "  %1", '    "k"', "    ,1.5", "  ~1",
                                "    #t", "  (123", '  =txt:"x"', "  *0"])
        steps = parse("> X\n" + "\n".join(text)).steps
        self.assertTrue(compare.matches(steps[0].replies[0], reply))


class GrammarTest(unittest.TestCase):
    def refuse(self, text, line, message):
        with self.assertRaises(grammar.GrammarError) as caught:
            parse(text)
        self.assertTrue(str(caught.exception).startswith(f"t.resp:{line}: "), caught.exception)
        self.assertIn(message, str(caught.exception))

    def test_refused(self):
        self.refuse("GET k\n", 1, "neither a command")
        self.refuse("> GET k\n\n", 1, "no reply stands below")
        self.refuse("> GET k\n*2\n  :1\n", 4, "indented by 2")
        self.refuse("> GET k\n*1\n  :1\n  :2\n", 4, "neither a command")
        self.refuse("@frob\n> GET k\n:1\n", 1, "no directive @frob")
        self.refuse("@mydis\n> GET k\n:1\n", 1, "needs a reason")
        self.refuse("> A\n:1\n@mydis file x\n> B\n:1", 3, "before the first command")
        self.refuse("@save a\n", 1, "followed by no command")
        self.refuse("@save a\n@conn b\n> A\n:1\n", 2, "right before its command")
        self.refuse("> GET k\n@match (\n", 2, "@match")
        self.refuse("@unordered 0\n> A\n*0\n", 1, "depth")

    def test_steps(self):
        file = parse("""\
            # comment
            #
            > A "x"
            +a
            #t
            ---
            >> B
            <
            >2
              "message"
              :1
            """)
        self.assertEqual([s.kind for s in file.steps], ["send", "cut", "queue", "receive"])
        self.assertEqual([r.text for r in file.steps[0].replies], ["+a", "#t"])
        self.assertTrue(file.has_cut)

    def test_cut_in_the_middle(self):
        def cut(text):
            return cuts.middle(parse(text).steps)
        self.assertEqual(cut("> A\n:1\n> B\n:1\n> C\n:1\n> D\n:1\n"), 2)
        self.assertEqual(cut("> MULTI\n:1\n> B\n:1\n> C\n:1\n> EXEC\n:1\n> E\n:1\n"), 4)
        self.assertEqual(cut("> A\n:1\n> SELECT 1\n:1\n> C\n:1\n> D\n:1\n> E\n:1\n"), 1)
        self.assertIsNone(cut("> WATCH k\n:1\n> C\n:1\n> D\n:1\n> E\n:1\n"))
        self.assertIsNone(cut("> A\n:1\n> B\n:1\n> INFO\n:1\n"))


class RunTest(unittest.TestCase):
    """Against a real redis-server."""

    @classmethod
    def setUpClass(cls):
        cls.target = targets.open_target("redis")
        cls.addClassCleanup(cls.target.close)

    def run_text(self, text):
        return runner.Run(parse(text), self.target).run()

    def green(self, text):
        self.assertEqual(self.run_text(text).failures, [])

    def red(self, text, line=None):
        failures = self.run_text(text).failures
        self.assertEqual(len(failures), 1, failures)
        if line:
            self.assertTrue(failures[0].startswith(f"t.resp:{line}: "), failures[0])
        return failures[0]

    def test_types_are_exact(self):
        self.green("> SET k 1\n+OK\n> GET k\n\"1\"\n")
        self.red("> SET k 1\n\"OK\"\n", 2)
        self.red("> SET k 1\n+OK\n> GET k\n:1\n", 4)
        self.red("> GET none\n(nil-array)\n", 2)
        self.red("> GET none\n\"\"\n", 2)
        self.red("> LRANGE l 0 -1\n(nil)\n")
        self.green("> LRANGE l 0 -1\n*0\n")

    def test_failure_shows_both(self):
        failure = self.red("> RPUSH l a b\n:2\n> LRANGE l 0 -1\n*2\n  \"a\"\n  \"c\"\n", 4)
        self.assertIn('"c"', failure)
        self.assertIn('"b"', failure)

    def test_unordered(self):
        head = "> SADD s 1 2 3\n:3\n"
        members = "> SMEMBERS s\n*3\n  \"3\"\n  \"1\"\n  \"2\"\n"
        self.red(head + members)
        self.green(head + "@unordered\n" + members)
        self.red(head + "@unordered\n" + members.replace('"3"', '"1"'))
        self.green(head + "@unordered\n> SMEMBERS s\n*3\n  @match \"\\d\"\n  \"1\"\n  \"2\"\n")
        scan = "> SSCAN s 0\n*2\n  \"0\"\n  *3\n    \"3\"\n    \"2\"\n    \"1\"\n"
        self.red(head + scan)
        self.red(head + "@unordered\n" + scan)
        self.green(head + "@unordered 2\n" + scan)
        pairs = "> HSET h a 1 b 2\n:2\n@unordered pairs\n> HGETALL h\n*4\n  \"b\"\n  \"{}\"\n  \"a\"\n  \"{}\"\n"
        self.green(pairs.format(2, 1))
        self.red(pairs.format(1, 2))

    def test_left(self):
        self.green("> SET k v EX 100\n+OK\n> TTL k\n@left 100\n> PTTL k\n@left 100000 ms\n")
        for wrong in ("99", "110", "200 ms"):
            self.red(f"> SET k v EX 100\n+OK\n> TTL k\n@left {wrong}\n")
        expected = grammar.Expected(1, "@left 100", [])
        for elapsed_ms, left, alike in ((400, 99, False), (600, 99, True), (600, 98, False), (600, 101, False)):
            self.assertEqual(compare.matches(expected, (":", b"%d" % left), None, {compare.ELAPSED_MS: elapsed_ms}), alike)

    def test_match_any_save(self):
        self.green('> TIME\n*2\n  @match "\\d{10}"\n  @any\n')
        self.red('> TIME\n*2\n  @match "\\d"\n  @any\n')
        self.green('@save id\n> XADD s * f v\n@match "\\d+-0"\n> XRANGE s ${id} ${id}\n*1\n  *2\n'
                   '    "${id}"\n    *2\n      "f"\n      "v"\n')
        self.red("> GET ${id}\n(nil)\n", 1)

    def test_pipeline_and_unread(self):
        self.green(">> SET a 1\n>> GET a\n> INCR a\n+OK\n\"1\"\n:2\n")
        self.red(">> SET a 1\n> GET a\n+OK\n> PING\n+PONG\n")
        self.assertIn("unread", self.red(">> SET a 1\n> GET a\n+OK\n"))

    def test_connections_and_blocking(self):
        text = ("@conn w\n>> BLPOP l 0\n@blocked 1\n@conn main\n> RPUSH l a\n:1\n@conn w\n<\n*2\n"
                "  \"l\"\n  \"{}\"\n")
        self.green(text.format("a"))
        self.red(text.format("b"))

    def test_blocked_waits_and_fails(self):
        limit, runner.EVENTUALLY_LIMIT = runner.EVENTUALLY_LIMIT, 0.05
        try:
            self.red("> PING\n+PONG\n@blocked 1\n", 3)
            self.red("@eventually\n> GET k\n\"1\"\n", 3)
        finally:
            runner.EVENTUALLY_LIMIT = limit

    def test_resp3(self):
        self.green("@resp3\n> HSET h a 1\n:1\n> HGETALL h\n%1\n  \"a\"\n  \"1\"\n> GET none\n(null)\n"
                   "> SADD s a\n:1\n> SMEMBERS s\n~1\n  \"a\"\n> ZADD z 1.5 a\n:1\n> ZSCORE z a\n,1.5\n"
                   "> SUBSCRIBE c\n>3\n  \"subscribe\"\n  \"c\"\n  :1\n"
                   "> DEBUG PROTOCOL verbatim\n=txt:\"This is a verbatim\\nstring\"\n"
                   "> DEBUG PROTOCOL bignum\n(1234567999999999999999999999999999999\n"
                   "> DEBUG PROTOCOL true\n#t\n@resp2\n> PING\n*2\n  \"pong\"\n  \"\"\n")

    def test_raw_and_closed(self):
        self.green('@raw > "PING\\r\\n"\n@raw < "+PONG\\r\\n"\n> QUIT\n+OK\n@closed\n')
        self.red('@raw > "PING\\r\\n"\n@raw < "+PING\\r\\n"\n', 2)

    def test_only_elsewhere(self):
        result = self.run_text("@mydis Redis has no MYDIS\n> MYDIS STATUS\n:1\n> PING\n+PONG\n")
        self.assertEqual((result.failures, result.skipped, result.commands), ([], 1, 1))
        result = self.run_text("@redis-7.2 file a reason\n> NONSENSE\n:1\n")
        self.assertEqual(result.left_out, "@redis-7.2: a reason")

    def test_files_do_not_see_each_other(self):
        self.green("> SET k 1\n+OK\n")
        self.green("> GET k\n(nil)\n")

    def test_record(self):
        text = "> SET k 1\n\n> GET k\n> TIME\n*2\n  @any\n  @any\n>> GET k\n> SUBSCRIBE a b\n"
        recording = recorder.Recorder(parse(text, False), self.target)
        recording.run()
        self.assertEqual(recording.text(), "> SET k 1\n+OK\n\n> GET k\n\"1\"\n> TIME\n*2\n  @any\n  @any\n"
                         ">> GET k\n> SUBSCRIBE a b\n\"1\"\n*3\n  \"subscribe\"\n  \"a\"\n  :1\n*3\n"
                         "  \"subscribe\"\n  \"b\"\n  :2\n")
        self.green(recording.text())
        wrong = recording.text().replace('"1"', '"2"')
        kept = recorder.Recorder(parse(wrong), self.target)
        self.assertNotEqual(kept.run().failures, [])
        updated = recorder.Recorder(parse(wrong), self.target, update=True)
        updated.run()
        self.assertEqual(updated.text(), recording.text())

    def test_program(self):
        with tempfile.TemporaryDirectory(prefix="mydis-transcript-") as folder:
            path = os.path.join(folder, "a.resp")
            for reply, status in (("+PONG", 0), ("+PING", 1), ("nonsense", 1)):
                with open(path, "w") as file:
                    file.write(f"> PING\n{reply}\n")
                run = subprocess.run(
                    [_TOOL, "run", "--on", f"tcp:{self.target.host}:{self.target.port}", folder],
                    capture_output=True, text=True)
                self.assertEqual(run.returncode, status, run.stdout + run.stderr)
                self.assertIn("0 passed, 1 failed" if status else "1 passed, 0 failed", run.stdout)


if __name__ == "__main__":
    unittest.main()

#!/usr/bin/python3
"""Tests of the differential test's own parts."""

import os
import random
import sys
import unittest
import unittest.mock

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))

from differential_lib import grammar, reproducer  # noqa: E402
from differential_lib.coverage import Coverage  # noqa: E402
from differential_lib.episode import Step, Unit  # noqa: E402
from differential_lib.pair import Difference, Pair  # noqa: E402
from differential_lib.replies import Rules  # noqa: E402
from differential_lib.sentence import Sentence  # noqa: E402
from differential_lib.shrink import Shrinker  # noqa: E402

_SET = {b"group": b"string", b"arguments": [
    {b"name": b"key", b"type": b"key"}, {b"name": b"value", b"type": b"string"},
    {b"name": b"condition", b"type": b"oneof", b"flags": [b"optional"], b"arguments": [
        {b"name": b"nx", b"type": b"pure-token", b"token": b"NX"},
        {b"name": b"xx", b"type": b"pure-token", b"token": b"XX"}]},
    {b"name": b"get", b"type": b"pure-token", b"token": b"GET", b"flags": [b"optional"]}]}


def command(name, fields):
    return grammar.Command(name, fields[b"group"].decode(),
                           [grammar._argument(a, name) for a in fields[b"arguments"]])


def bulks(*values):
    return "*", [("$", value) for value in values]


class Grammar(unittest.TestCase):
    def test_points(self):
        self.assertEqual(command("SET", _SET).points(), ["SET", "SET condition", "SET condition NX",
                                                         "SET condition XX", "SET GET"])

    def test_options_the_reference_lacks(self):
        old = {**_SET, b"arguments": _SET[b"arguments"][:3]}
        kept, missing = grammar.common({"SET": command("SET", _SET), "NEW": command("NEW", _SET)},
                                       {"SET": command("SET", old)})
        self.assertEqual(missing, ["SET GET", "NEW"])
        self.assertNotIn("SET GET", kept["SET"].points())

    def test_wanted_options_are_written(self):
        for seed in range(50):
            sentence = Sentence(random.Random(seed), command("SET", _SET), None, "SET condition XX")
            self.assertIn(b"XX", [word.upper() for word in sentence.words])
            self.assertIn("SET condition XX", sentence.points)

    def test_coverage(self):
        coverage = Coverage({"SET": command("SET", _SET)})
        coverage.count(["SET", "SET GET"], False)
        coverage.count(["SET"], True)
        self.assertEqual(coverage.missing(), ["SET condition", "SET condition NX", "SET condition XX", "SET GET"])


class Replies(unittest.TestCase):
    def same(self, words, ours, theirs, older=False):
        return Rules((7, 0) if older else (7, 2)).same([word.encode() for word in words.split()], ours, theirs)

    def test_exact(self):
        self.assertTrue(self.same("GET k", ("$", b"a"), ("$", b"a")))
        self.assertFalse(self.same("GET k", ("$", b"a"), ("+", b"a")))
        self.assertFalse(self.same("GET k", ("$nil", None), ("_", None)))
        self.assertFalse(self.same("INCR k", (":", b"1"), (":", b"2")))

    def test_unordered(self):
        self.assertTrue(self.same("SMEMBERS k", bulks(b"a", b"b"), bulks(b"b", b"a")))
        self.assertFalse(self.same("SMEMBERS k", bulks(b"a", b"b"), bulks(b"b", b"b")))
        self.assertFalse(self.same("LRANGE k 0 -1", bulks(b"a", b"b"), bulks(b"b", b"a")))
        self.assertTrue(self.same("HGETALL k", bulks(b"a", b"1", b"b", b"2"), bulks(b"b", b"2", b"a", b"1")))
        self.assertFalse(self.same("HGETALL k", bulks(b"a", b"1", b"b", b"2"), bulks(b"a", b"2", b"b", b"1")))

    def test_chance(self):
        self.assertTrue(self.same("SRANDMEMBER k 2", bulks(b"a", b"b"), bulks(b"c", b"a")))
        self.assertFalse(self.same("SRANDMEMBER k 2", bulks(b"a", b"a"), bulks(b"c", b"a")))
        self.assertFalse(self.same("SRANDMEMBER k 2", bulks(b"a"), bulks(b"c", b"a")))

    def test_times(self):
        self.assertTrue(self.same("PTTL k", (":", b"9990"), (":", b"10000")))
        self.assertFalse(self.same("PTTL k", (":", b"-1"), (":", b"10000")))
        self.assertFalse(self.same("PTTL k", (":", b"1000"), (":", b"10000")))

    def test_older(self):
        ours, theirs = ("$", b"0.1"), ("$", b"0.10000000000000001")
        self.assertFalse(self.same("INCRBYFLOAT k 0.1", ours, theirs))
        self.assertTrue(self.same("INCRBYFLOAT k 0.1", ours, theirs, older=True))
        self.assertFalse(self.same("INCRBYFLOAT k 0.1", ours, ("$", b"0.2"), older=True))


class Transactions(unittest.TestCase):
    def run_pair(self, words, ours, theirs):
        pair = Pair.__new__(Pair)
        pair.rules = Rules()
        pair.both = lambda commands: list(zip(ours, theirs))
        pair.mydis = pair.redis = unittest.mock.Mock(events=list)
        return pair.run([Step(line.encode().split()) for line in words])

    def test_replies_in_exec_follow_their_commands(self):
        words = ["MULTI", "SMEMBERS s", "LRANGE l 0 -1", "EXEC"]
        before = [("+", b"OK"), ("+", b"QUEUED"), ("+", b"QUEUED")]
        ab, ba = bulks(b"a", b"b"), bulks(b"b", b"a")
        self.assertIsNone(self.run_pair(words, before + [("*", [ab, ab])], before + [("*", [ba, ab])]))
        found = self.run_pair(words, before + [("*", [ab, ab])], before + [("*", [ab, ba])])
        self.assertEqual((found.step, found.words[0], found.queued), (3, b"LRANGE", True))


class Shrinking(unittest.TestCase):
    def shrink(self, units, fails):
        found = Shrinker(lambda candidate: True if fails([s.words for u in candidate for s in u.steps]) else None)
        return [step.words for unit in found.shrink(units) for step in unit.steps]

    def test_leaves_what_matters(self):
        units = [Unit([Step([b"SET", b"k%d" % i, b"vvvv"]) for i in range(n, n + 3)]) for n in range(0, 60, 3)]
        words = self.shrink(units, lambda steps: any(s[1:2] == [b"k7"] for s in steps)
                            and any(s[1:2] == [b"k40"] and len(s) == 3 for s in steps))
        self.assertEqual(words, [[b"SET", b"k7"], [b"SET", b"k40", b"a"]])

    def test_ties_hold(self):
        tied = [Step([b"SPOP", b"s"], tie=1), Step([b"DEL", b"s"], tie=1)]
        words = self.shrink([Unit([Step([b"PING"])] + tied + [Step([b"GET", b"x"])])],
                            lambda steps: [b"SPOP", b"s"] in steps)
        self.assertEqual(words, [[b"SPOP", b"s"], [b"DEL", b"s"]])


class Reproducer(unittest.TestCase):
    def test_transcript(self):
        steps = [Step([b"SET", b"k", b"a b\x00" + b"x"]), Step([b"GET", b""])]
        replies = [(("+", b"OK"), ("+", b"OK")), (("$", b"1"), ("$nil", None))]
        text = reproducer.transcript({}, True, steps, replies, Difference(1, steps[1].words, *replies[1]), "Why")
        self.assertEqual(text, '# Why\n@resp3\n> SET k "a b\\x00x"\n+OK\n> GET ""\n(nil)\n# Mydis:\n#   "1"\n')


if __name__ == "__main__":
    unittest.main()

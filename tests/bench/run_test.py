#!/usr/bin/python3
"""bench/run measures, computes and refuses as it should; with redis-server in the place of Mydis."""

import os
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
ROOT = os.path.realpath(os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", ".."))
sys.path[:0] = [os.path.join(ROOT, "bench"), os.path.join(ROOT, "tools")]

from benchlib import contenders, families, family_run, load, measure, memory, report  # noqa: E402
from benchlib.rows import Family, row as make_row  # noqa: E402
from benchlib.template import Template  # noqa: E402
from mydis_harness import Folder  # noqa: E402

RUN = os.path.join(ROOT, "bench", "run")


def run(*options):
    return subprocess.run([RUN, *options], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=120)


class BenchRun(unittest.TestCase):
    def test_a_short_run(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "result.md")
            done = run("--stand-in", "--only", "get,pipelined-set", "--connections", "50",
                       "--rounds", "2", "--seconds", "0.1", "--output", path)
            self.assertEqual(done.returncode, 0, done.stderr)
            with open(path) as file:
                text = file.read()
        rows = [line.split("|") for line in text.splitlines() if line.startswith("| ")]
        self.assertEqual([row[1].strip() for row in rows],
                         ["measurement", "GET, 50 connections", "SET, 50 connections, pipeline 64"])
        self.assertEqual([row[2].strip() for row in rows[1:]],
                         ["redis-server", "redis-server appendfsync always"])
        for row in rows[1:]:
            self.assertGreater(float(row[5].strip().strip("*")), 0)
            self.assertEqual(len(row), len(rows[0]))
        self.assertIn("redis-server in the place of Mydis", text)

    def test_a_family_and_memory(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "result.md")
            done = run("--stand-in", "--only", "transactions,memory", "--row", "WATCH", "--rounds",
                       "2", "--seconds", "0.1", "--keys", "10000", "--output", path)
            self.assertEqual(done.returncode, 0, done.stderr)
            done = run("--stand-in", "--only", "memory", "--row", "10 integers", "--keys", "10000")
            self.assertEqual(done.returncode, 0, done.stderr)
            with open(path) as file:
                text = file.read() + done.stdout
        rows = [[cell.strip(" *") for cell in line.split("|")] for line in text.splitlines()
                if line.startswith("| ")]
        self.assertEqual([row[1] for row in rows], ["measurement", "WATCH+MULTI+INCR+EXEC", "data",
                                                    "set of 10 integers"])
        self.assertEqual(rows[1][2], "redis-server appendfsync always")
        # The same program on both sides, at work: neither rate is nothing, nor is the memory.
        self.assertGreater(float(rows[1][5]), 0)
        self.assertGreater(float(rows[1][9]), 0)
        self.assertTrue(0.5 < float(rows[3][6]) < 2, rows[3])
        self.assertTrue(0.9 < float(rows[3][9]) < 1.1, rows[3])

    def test_wrong_options(self):
        for options, words in ((["--only", "nothing"], "nothing is none of get"),
                               (["--rounds", "0"], "--rounds"),
                               (["--connections", "x"], "--connections"),
                               (["--keys", "50000"], "--keys"),
                               (["--mydis-binary", "/nowhere"], "/nowhere")):
            done = run(*options)
            self.assertEqual(done.returncode, 2)
            self.assertIn(words, done.stderr)


class Families(unittest.TestCase):
    KEYS = 10000

    def setUp(self):
        self.folder = Folder("mydis-bench-test-")
        self.addCleanup(self.folder.remove)
        self.redis = contenders.Redis(self.folder.path, durable=False)
        self.addCleanup(self.redis.close)

    def side(self, family):
        side = family_run.Side(self.redis, family, self.KEYS)
        self.addCleanup(side.close)
        return side

    def test_every_row_is_answered(self):
        """Both sides are the same server: what writes is not compared."""
        for family in families.ALL:
            with self.subTest(family.name):
                side = self.side(family)
                for row in family.rows:
                    self.assertEqual(load.POOL % row.connections, 0)
                    side.replies(side.template(row).batch())
                side.client.call("FLUSHALL")

    def test_every_memory_row_is_answered(self):
        with load.connect(self.redis.port) as connection:
            for row in memory.ROWS:
                if not row.only_ours:
                    commands = [row.first] * bool(row.first) + list(row.commands)
                    load.exchange(connection, Template(commands, 1, counts_from=10).batch())
                    load.exchange(connection, Template(["FLUSHALL"], 1).batch())

    def test_different_replies_and_errors_are_found(self):
        family = Family("test", (("each", "SET s:<n> <n>"),), (
            make_row("differs", "INCR s:<key>"), make_row("fails", "LLEN s:<key>")))
        side = self.side(family)
        for row, words in zip(family.rows, ("the replies differ", "WRONGTYPE")):
            with self.assertRaisesRegex(RuntimeError, words):
                family_run.compare_replies(row, [side, side], family_run.templates_for(
                    row, [side, side]))

    def test_an_error_under_load_is_found(self):
        batches = load.Batches(Template(["PING", "GET"], 3), 2, pool=2)
        with self.assertRaisesRegex(RuntimeError, "wrong number of arguments"):
            load.run(self.redis, batches, 0.05)

    def test_load_counts_sequences(self):
        batches = load.Batches(Template(["INCR a", "INCR b"], 5), 4, pool=8)
        sample = load.run(self.redis, batches, 0.1)
        with self.side(Family("none", (), ())).client as client:
            done = int(client.call("GET", "a"))
            self.assertEqual(client.call("GET", "b"), b"%d" % done)
        self.assertEqual(done % 5, 0)
        self.assertLessEqual(sample.per_second * 0.1, done)


class Templates(unittest.TestCase):
    def test_numbers_take_their_places(self):
        template = Template(["A <a=100-199> <a> <a+5> %", "B k:<n>x <conn>", "C $v <key>"], 2,
                            10000, {"v": b"%d \0"}, counts_from=10)
        text = template.batch(connection=3, done=7)
        a, again, later = (int(text.split(b"\r\n")[i]) for i in (4, 6, 8))
        self.assertTrue(100 <= a <= 199)
        self.assertEqual((again, later), (a, a + 5))
        self.assertIn(b"$1\r\n%\r\n*3\r\n$1\r\nB\r\n$5\r\nk:17x\r\n$2\r\n13\r\n", text)
        self.assertIn(b"$5\r\nk:18x\r\n", text)
        self.assertRegex(text, rb"\*3\r\n\$1\r\nC\r\n\$4\r\n%d \0\r\n\$5\r\n1\d{4}\r\n$")

    def test_a_counter_never_repeats(self):
        batches = load.Batches(Template(["A <seq>"], 2), 1)
        stream = batches.of(0)
        numbers = [part for _ in range(3) for part in next(stream).split(b"\r\n") if
                   len(part) == 12]
        self.assertEqual(len(set(numbers)), 6)
        self.assertEqual(numbers, sorted(numbers))


class Numbers(unittest.TestCase):
    def test_a_row_has_medians_and_ratios(self):
        ours = [measure.Sample(rate, 1.0, 2.0, 4.0) for rate in (100.0, 300.0, 200.0)]
        other = [measure.Sample(rate, 3.0, 4.0, 8.0) for rate in (50.0, 1000.0, 100.0)]
        row = report.row("title", ("Mydis", ours), ("other", other))
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        self.assertEqual(cells, ["title", "other", "200 ±50 %", "100 ±475 %", "**2.00**",
                                 "1.000 / 3.000", "2.000 / 4.000", "4.00 / 8.00", "0.50"])

    def test_processor_time_counts_this_process(self):
        before = measure.processor_seconds([os.getpid()])
        total = 0
        while measure.processor_seconds([os.getpid()]) < before + 0.05:
            total += sum(range(10000))
        self.assertGreater(total, 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)

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

from benchlib import measure, report  # noqa: E402

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

    def test_wrong_options(self):
        for options, words in ((["--only", "nothing"], "nothing is none of get"),
                               (["--rounds", "0"], "--rounds"),
                               (["--connections", "x"], "--connections"),
                               (["--mydis-binary", "/nowhere"], "/nowhere")):
            done = run(*options)
            self.assertEqual(done.returncode, 2)
            self.assertIn(words, done.stderr)


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

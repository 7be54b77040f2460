#!/usr/bin/python3
"""The C++ examples, built against an installed Mydis outside the source tree, and run against three
instances; some of them while the leader is killed."""

import os
import subprocess
import sys
import tempfile
import unittest

_HERE = os.path.dirname(os.path.realpath(__file__))
_ROOT = os.path.realpath(os.path.join(_HERE, "..", ".."))
sys.path.insert(0, os.path.join(_ROOT, "tools"))

import mydis_harness as harness  # noqa: E402

_BUILD = os.environ.get("MYDIS_BUILD_DIR") or os.path.join(_ROOT, "build/release")


def run(*command, **options):
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, **options)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(command)}: {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


class Examples(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="mydis-examples-")
        cls.addClassCleanup(cls.folder.cleanup)
        prefix, cls.build = (os.path.join(cls.folder.name, name) for name in ("prefix", "build"))
        run("cmake", "--install", _BUILD, "--prefix", prefix)
        source = os.path.join(cls.folder.name, "source")
        run("cp", "-r", os.path.join(_ROOT, "examples/cpp"), source)
        run("cmake", "-S", source, "-B", cls.build, "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={prefix}",
            "-DCMAKE_CXX_FLAGS=-Wall -Wextra -Wshadow -Werror")
        run("cmake", "--build", cls.build)
        cls.cluster = harness.Cluster(3)
        cls.addClassCleanup(cls.cluster.close)

    def program(self, name):
        return os.path.join(self.build, name)

    def addresses(self):
        return ",".join(f"127.0.0.1:{instance.redis_port}" for instance in self.cluster)

    def example(self, name, *arguments):
        return run(self.program(name), self.addresses(), *arguments).splitlines()

    def test_session_store(self):
        self.assertEqual(self.example("session_store"),
                         ["logged in: ada", "elsewhere: ada", "logged out: nobody"])

    def test_lock(self):
        self.assertEqual(self.example("lock"), [
            "first has the lock, token 1", "second gets it meanwhile: no",
            "second has it now, token 2", "second writes: done",
            "first wakes up and writes: refused", "the lock is second's"])

    def test_rate_limiter(self):
        self.assertEqual(self.example("rate_limiter"),
                         ["5 of 10 requests at once were let through", "after the wait: let through"])

    def test_leader_election(self):
        lines = self.example("leader_election")
        self.assertEqual(lines[0], "ada leads")
        self.assertEqual(sorted(lines[1:]), ["ada renews: no", "ada renews: yes", "bob leads"])

    def test_work_queue_while_the_leader_dies(self):
        work = subprocess.Popen([self.program("work_queue"), self.addresses(), "2000"],
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        leader = self.cluster.leader()
        follower = self.cluster.followers()[0]
        harness.wait_until(lambda: follower.call("SCARD", "jobs:done") > 100, 60, "the first jobs")
        leader.kill()
        printed = work.communicate(timeout=120)[0]
        leader.start()
        self.assertEqual(printed, "2000 of 2000 jobs done, 0 pending\n")

    def test_cache_of_three_processes(self):
        ports = [str(harness.free_port_base()) for _ in range(3)]
        processes = [self.start_cache(i, ports) for i in range(3)]
        for process in processes:
            self.assertEqual(process.stdout.readline(), "ready\n")
        self.assertEqual(self.ask(processes[0], "put color blue"), "stored")
        for process in processes:
            self.assertEqual(self.ask(process, "get color"), "blue")
        # One dies, the others go on; it comes back and has what it missed.
        processes[2].kill()
        processes[2].wait()
        self.assertEqual(self.ask(processes[1], "get color"), "blue")
        processes[2] = self.start_cache(2, ports)
        self.assertEqual(processes[2].stdout.readline(), "ready\n")
        self.assertEqual(self.ask(processes[2], "get color"), "blue")
        self.assertEqual(self.ask(processes[2], "put color red"), "stored")
        self.assertEqual(self.ask(processes[0], "get color"), "red")
        for process in processes:
            process.stdin.write("end\n")
            process.stdin.flush()
        for process in processes:
            self.assertEqual(process.wait(30), 0)

    def start_cache(self, index, ports):
        process = subprocess.Popen(
            [self.program("cache"), str(index + 1), os.path.join(self.folder.name, f"cache{index}"), *ports],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stdin.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    @staticmethod
    def ask(process, line):
        process.stdin.write(line + "\n")
        process.stdin.flush()
        return process.stdout.readline().strip()


if __name__ == "__main__":
    unittest.main()

#!/usr/bin/python3
"""The harness itself, with redis-server as the process under test."""

import os
import subprocess
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))

import mydis_harness as harness  # noqa: E402
from resp_client import Closed, RespError, wait_until  # noqa: E402


class HarnessTest(unittest.TestCase):
    def setUp(self):
        self.folder = harness.Folder()
        self.addCleanup(self.folder.remove)

    def server(self):
        server = harness.RedisServer(self.folder.path)
        self.addCleanup(server.kill)
        return server.start()

    def test_start_stop_kill(self):
        server = self.server()
        self.assertEqual(server.call("SET", "k", "v"), b"OK")
        self.assertEqual(server.stop(), 0)
        self.assertFalse(server.alive())
        server.start()
        self.assertIsNone(server.call("GET", "k"))
        client = server.connect()
        self.addCleanup(client.close)
        server.kill()
        with self.assertRaises(Closed):
            client.call("PING")

    def test_pause_and_resume(self):
        server = self.server()
        client = server.connect()
        self.addCleanup(client.close)
        server.pause()
        client.send("PING")
        with self.assertRaises(TimeoutError):
            client.read(timeout=0.1)
        server.resume()
        self.assertEqual(client.read(), ("+", b"PONG"))

    def test_errors_are_values_where_asked(self):
        client = self.server().connect()
        self.addCleanup(client.close)
        with self.assertRaises(RespError):
            client.call("NONSENSE")
        self.assertIn("unknown command", str(client.try_call("NONSENSE")))

    def test_a_server_that_ends_is_reported_with_its_log(self):
        server = harness.RedisServer(self.folder.path, "--no-such-option", "1")
        with self.assertRaisesRegex(RuntimeError, "no-such-option"):
            server.start()

    def test_ports_are_given_out_once(self):
        bases = [harness.free_port_base() for _ in range(5)]
        self.assertEqual(len(set(bases)), 5)
        script = "import mydis_harness as h; print(*[h.free_port_base() for _ in range(5)])"
        out = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True,
                             cwd=os.path.dirname(os.path.realpath(__file__))).stdout
        self.assertFalse(set(map(int, out.split())) & set(bases))

    def test_processes_end_with_the_program_that_started_them(self):
        script = ("import mydis_harness as h, os, signal\n"
                  "s = h.RedisServer(%r).start()\n"
                  "print(s.pid, flush=True)\n"
                  "os.kill(os.getpid(), signal.SIGKILL)\n" % self.folder.path)
        run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True,
                             cwd=os.path.dirname(os.path.realpath(__file__)))
        pid = int(run.stdout)

        def gone():
            try:
                with open(f"/proc/{pid}/stat") as file:
                    return file.read().split(")")[1].split()[0] == "Z"
            except OSError:
                return True
        wait_until(gone, 5, "the server to end")

    def test_reports_of_sanitizers_are_found(self):
        log = os.path.join(self.folder.path, "log")
        for line in ("==1==ERROR: AddressSanitizer: heap-use-after-free", "WARNING: ThreadSanitizer: data race (pid=1)",
                     "src/a.cc:1:2: runtime error: signed integer overflow"):
            process = harness.Process(["sh", "-c", 'echo a line; echo "$0"; echo more', line], log)
            self.assertEqual(process.sanitizer_report(), "")
            process.spawn()
            process.wait()
            self.assertEqual(process.sanitizer_report(), line + "\nmore\n")
            os.remove(log)

    def test_a_sanitized_program_is_known(self):
        self.assertFalse(harness.is_sanitized("/bin/sh"))
        program = os.path.join(self.folder.path, "program")
        with open(program, "wb") as file:
            file.write(b"\0" * 5000 + b"__asan_init\0")
        self.assertTrue(harness.is_sanitized(program))


if __name__ == "__main__":
    unittest.main()

#!/usr/bin/python3
"""What keeps an instance from starting is said in one line, with exit status 1, or 2 for wrong usage."""

import os
import signal
import socket
import stat
import subprocess

from support import BINARY, ClusterTest, fill, harness, main


class Startup(ClusterTest):
    def refused(self, *options, folder=None, base=None, status, words, binary_arguments=None):
        """Runs the server with these options; it has to end at once with one line that has `words`."""
        base = base or harness.free_port_base()
        arguments = binary_arguments or ["server", "--data-dir", folder or self.folder(),
                                         "--port-base", str(base)]
        run = subprocess.run([BINARY, *arguments, *options], stdin=subprocess.DEVNULL,
                             capture_output=True, text=True, timeout=20)
        self.assertEqual(run.returncode, status, run.stdout + run.stderr)
        lines = run.stderr.strip().splitlines()
        # Log lines may come before; the last says it.
        self.assertTrue(lines, "nothing on standard error")
        for word in words:
            self.assertIn(word, lines[-1])
        return lines

    def test_wrong_usage(self):
        for options, words in (
                (["--no-such-option"], ["--no-such-option"]),
                (["--redis-port", "70000"], ["redis-port", "70000"]),
                (["--redis-port", "x"], ["redis-port", "x"]),
                (["--io-threads", "-3"], ["io-threads"]),
                (["--log-level", "loud"], ["log-level", "loud"]),
                (["--durability", "maybe"], ["durability", "maybe"]),
                (["--raft-timeout", "soon"], ["raft-timeout", "soon"]),
                (["--max-voters", "4"], ["max-voters"]),
                (["--join", "nowhere"], ["join", "nowhere"]),
                (["--raft-port", "-1", "--join", "127.0.0.1:2382"], ["raft-port"]),
                (["--expect", "3"], ["expect"]),
                (["--write-consistency", "weak"], ["write-consistency", "weak"])):
            with self.subTest(options=options):
                lines = self.refused(*options, status=2, words=words)
                self.assertEqual(len(lines), 1, lines)
        with self.subTest("subcommand"):
            self.refused(binary_arguments=["frobnicate"], status=2, words=["frobnicate"])

    def test_taken_port(self):
        for offset, name in ((1, "redis"), (2, "raft"), (3, "rpc")):
            with self.subTest(name):
                base = harness.free_port_base()
                with socket.socket() as taken:
                    # As the harness looks for free ports: ended connections may linger there.
                    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    taken.bind(("127.0.0.1", base + offset))
                    taken.listen()
                    self.refused(status=1, words=[str(base + offset)], binary_arguments=[
                        "server", "--data-dir", self.folder(), "--port-base", str(base)])

    def test_without_raft_port_it_is_alone(self):
        alone = self.instance(self.folder(), "--raft-port", "-1").start()
        fill(alone, 10)
        for port in (alone.raft_port, alone.raft_port + 1):
            with socket.socket() as probe:
                self.assertNotEqual(probe.connect_ex(("127.0.0.1", port)), 0)
        with self.assertRaisesRegex(harness.RespError, "--raft-port"):
            alone.call("MYDIS", "ADD", "127.0.0.1:1")
        self.assertEqual(alone.stop(), 0)
        # With a port it may have company.
        grown = self.instance(os.path.dirname(alone.data_dir), data_dir=alone.data_dir).start()
        self.assertEqual(grown.call("DBSIZE"), 10)
        joined = self.instance(self.folder(), "--join", grown.raft_address).start()
        self.assertEqual(joined.call("DBSIZE"), 10)

    def test_data_directory_in_use(self):
        folder = self.folder()
        first = self.instance(folder).start()
        self.refused(status=1, words=[first.data_dir], folder=first.data_dir)

    def test_data_directory_of_another_instance(self):
        first = self.instance(self.folder()).start()
        self.assertEqual(first.stop(), 0)
        self.refused("--instance-id", "somebody", status=1, words=[first.data_dir, "somebody"],
                     folder=first.data_dir)

    def test_data_directory_that_cannot_be(self):
        path = os.path.join(self.folder(), "file")
        with open(path, "w"):
            pass
        self.refused(status=1, words=[path], folder=path)

    def test_data_directory_of_another_user(self):
        if os.geteuid() != 0:
            self.skipTest("only root may run a program as somebody else")
        folder = self.folder()
        os.chmod(folder, 0o755)
        with open(os.path.join(folder, "mydis"), "wb") as copy, open(BINARY, "rb") as program:
            os.chmod(copy.name, 0o755)
            copy.write(program.read())
        path = os.path.join(folder, "data")
        os.mkdir(path, 0o700)
        for place, words in ((path, f"--data-dir: {path} belongs to root (mode 0700), and this instance runs as "
                                    f"nobody, who may not read, write and enter it: chown -R nobody {path} if"),
                             (path + "/below", f"--data-dir: {path}/below: cannot create directory")):
            for more in ((), ("--audit-log", "off")):
                run = subprocess.run([copy.name, "server", "--data-dir", place, "--port-base",
                                      str(harness.free_port_base()), *more], user="nobody", cwd="/",
                                     stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20)
                self.assertEqual((run.returncode, run.stdout), (1, ""))
                self.assertIn(words, run.stderr)
                self.assertIn("give another directory", run.stderr)

    def test_the_data_directory_is_not_everybodys(self):
        instance = self.instance(self.folder()).start()
        self.assertEqual(stat.S_IMODE(os.stat(instance.data_dir).st_mode) & 0o007, 0)

    def test_addresses_that_are_not_this_machines(self):
        off = ["--redis-port", "-1", "--http-port", "-1"]
        for address, words in (("192.0.2.7", "192.0.2.7 is no address of this machine"),
                               ("999.1.1.1", "cannot resolve the host name")):
            for more in ([], off):
                self.refused("--bind-address", address, "--advertise-address", "127.0.0.1", *more, status=1,
                             words=["mydis server: --bind-address: ", words, "give an address of this machine"])

    def stranger_and_cluster(self):
        """A stopped instance with ten keys of its own, and a cluster of three with one key."""
        stranger = self.instance(self.folder()).start()
        fill(stranger, 10)
        self.assertEqual(stranger.stop(), 0)
        cluster = self.cluster()
        cluster.leader().call("SET", "k", "v")
        return stranger, cluster

    def test_directory_of_another_cluster_is_refused(self):
        stranger, cluster = self.stranger_and_cluster()
        self.refused("--join", cluster.seeds, status=1, words=["cluster", stranger.data_dir],
                     folder=stranger.data_dir, base=stranger.port_base)
        # Neither side is the worse for it.
        self.assertEqual(stranger.start().call("DBSIZE"), 10)
        self.assertEqual(cluster[0].call("STRONG", "DBSIZE"), 1)
        self.assertEqual(len(cluster[0].status()["members"]), 3)

    def test_configuration_file_and_environment(self):
        path = os.path.join(self.folder(), "mydis.conf")
        with open(path, "w") as file:
            file.write("log-levle = info\n")
        self.refused("--config", path, status=2, words=["log-levle"])
        self.refused("--config", path + ".none", status=2, words=[path + ".none"])

    def test_term_and_int_end_it_with_status_0(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            instance = self.instance(self.folder()).start()
            fill(instance, 10)
            instance.popen.send_signal(number)
            self.assertEqual(instance.wait(20), 0)
            instance.start()
            self.assertEqual(instance.call("DBSIZE"), 10)

    def test_damaged_log_is_refused_with_the_file_named(self):
        instance = self.instance(self.folder()).start()
        fill(instance, 500)
        instance.kill()
        folder = os.path.join(instance.data_dir, "log")
        path = os.path.join(folder, sorted(os.listdir(folder))[0])
        with open(path, "r+b") as file:
            file.seek(8192)
            byte = file.read(1)
            file.seek(8192)
            file.write(bytes([byte[0] ^ 1]))
        self.refused(status=1, words=[os.path.basename(path)], folder=instance.data_dir,
                     base=instance.port_base)

    def test_version_and_help(self):
        for word in ("--version", "--help"):
            run = subprocess.run([BINARY, word], capture_output=True, text=True, timeout=30)
            self.assertEqual(run.returncode, 0, run.stderr)
            self.assertIn("mydis", run.stdout.lower())


if __name__ == "__main__":
    main()

#!/usr/bin/python3
"""A conversation on a terminal: prompts, history, completion, streams, Ctrl-C, lost connections."""

import os
import signal
import socket
import subprocess
import threading

from support import CliTest, harness, main, wait_until

PROMPT = r"127\.0\.0\.1:\d+> $"


class History(CliTest):
    def history(self):
        try:
            with open(os.path.join(self.folder.path, ".mydis_history")) as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def test_keeps_lines_and_no_passwords(self):
        terminal = self.terminal()
        for line in ("SET k remembered", "AUTH secret-1", "auth user secret-2",
                     "HELLO 3 AUTH user secret-3", "ACL SETUSER u >secret-4", "2 AUTH secret-5",
                     "CONFIG SET requirepass ''", "SET x 'AUTH' secret-6"):
            terminal.expect(PROMPT)
            terminal.line(line)
        terminal.expect(PROMPT)
        terminal.send("\x10")  # The line before.
        terminal.expect("SET k remembered")
        terminal.send("\x15quit\r")
        self.assertEqual(terminal.wait(), 0)
        self.assertIn("remembered", self.history())
        self.assertNotIn("secret", self.history())
        self.assertNotIn("requirepass", self.history())
        self.assertEqual(os.stat(os.path.join(self.folder.path, ".mydis_history")).st_mode & 0o77, 0)

        again = self.terminal()
        again.expect(PROMPT)
        again.send("\x10\x10")
        again.expect("SET k remembered")

    def test_another_file(self):
        path = os.path.join(self.folder.path, "elsewhere")
        terminal = self.terminal(environment={"MYDIS_HISTFILE": path})
        terminal.expect(PROMPT)
        terminal.line("PING")
        terminal.expect("PONG")
        with open(path) as file:
            self.assertIn("PING", file.read())


class Editing(CliTest):
    def test_completion(self):
        terminal = self.terminal()
        terminal.expect(PROMPT)
        terminal.send("lran\t")
        terminal.expect("lrange ")
        terminal.send("none 0 -1\r")
        terminal.expect(r"\(empty array\)")
        terminal.expect(PROMPT)
        terminal.send("config re\t")
        terminal.expect("config resetstat|config rewrite")
        terminal.send("\x15SET \t")
        terminal.expect(r"key value \[NX \| XX\]")
        terminal.send("\x15")

    def test_hints_go_with_the_words(self):
        terminal = self.terminal(term="xterm")
        terminal.expect(PROMPT)
        terminal.send("LRANGE ")
        terminal.expect("key start stop")
        terminal.send("k 0 -1\r")
        terminal.expect(r"\(empty array\)")

    def test_help_and_clear(self):
        terminal = self.terminal()
        terminal.expect(PROMPT)
        terminal.line("help GET")
        terminal.expect("GET key\r\n  summary: .*\r\n  since: 1.0.0\r\n  group: string")
        terminal.expect(PROMPT)
        terminal.line("help @set")
        self.assertNotIn("LPUSH", terminal.expect("SADD key member"))
        terminal.expect(PROMPT)
        terminal.line("help nonsense")
        terminal.expect("no such command")
        terminal.expect(PROMPT)
        terminal.line("help")
        terminal.expect("help COMMAND")
        terminal.expect(PROMPT)
        terminal.line("clear")
        terminal.expect("\x1b\\[H\x1b\\[2J")
        terminal.expect(PROMPT)
        terminal.line("exit")
        self.assertEqual(terminal.wait(), 0)

    def test_letters_of_any_language(self):
        terminal = self.terminal()
        terminal.expect(PROMPT)
        terminal.line("SET k grün-日本")
        terminal.expect("OK")
        self.assertEqual(self.redis.call("GET", "k").decode(), "grün-日本")

    def test_control_c_drops_the_line_and_control_d_leaves(self):
        terminal = self.terminal()
        terminal.expect(PROMPT)
        terminal.send("SET k v")
        terminal.expect("SET k v")
        terminal.interrupt()
        terminal.expect(PROMPT)
        terminal.line("EXISTS k")
        terminal.expect(r"\(integer\) 0")
        terminal.expect(PROMPT)
        terminal.send("\x04")
        self.assertEqual(terminal.wait(), 0)


class Streams(CliTest):
    def test_subscription_until_control_c(self):
        terminal = self.terminal()
        terminal.expect(PROMPT)
        terminal.line("SELECT 2")
        terminal.expect(r"\[2\]> $")
        terminal.line("SUBSCRIBE news")
        terminal.expect("press Ctrl-C to quit")
        terminal.expect(r'1\) "subscribe"\r\n2\) "news"\r\n3\) \(integer\) 1\r\n')
        self.redis.call("PUBLISH", "news", "hello")
        terminal.expect(r'1\) "message"\r\n2\) "news"\r\n3\) "hello"\r\n')
        terminal.interrupt()
        # Back at the prompt, in the same database, on a connection that is not subscribed.
        terminal.expect(r":\d+\[2\]> $")
        terminal.line("PING")
        terminal.expect("PONG")

    def test_replies_that_are_off(self):
        terminal = self.terminal()
        terminal.expect(PROMPT)
        terminal.line("CLIENT REPLY OFF")
        terminal.expect("Nothing is answered from now on")
        terminal.expect(PROMPT)
        terminal.line("SET k v")
        terminal.expect(PROMPT)
        terminal.line("CLIENT REPLY ON")
        terminal.expect("OK")
        terminal.expect(PROMPT)
        terminal.line("GET k")
        terminal.expect('"v"')

    def test_monitor(self):
        terminal = self.terminal()
        terminal.expect(PROMPT)
        terminal.line("MONITOR")
        terminal.expect("OK")
        self.redis.call("SET", "watched", "x")
        terminal.expect(r'\d+\.\d+ \[0 127\.0\.0\.1:\d+\] "SET" "watched" "x"')
        terminal.interrupt()
        terminal.expect(PROMPT)

    def test_subscription_into_a_pipe(self):
        with subprocess.Popen([*self.mydis_cli, "SUBSCRIBE", "news"], stdout=subprocess.PIPE) as run:
            try:
                self.assertEqual([run.stdout.readline() for _ in range(3)],
                                 [b"subscribe\n", b"news\n", b"1\n"])
                self.redis.call("PUBLISH", "news", "hello")
                self.assertEqual([run.stdout.readline() for _ in range(3)],
                                 [b"message\n", b"news\n", b"hello\n"])
                run.send_signal(signal.SIGINT)
                self.assertEqual(run.wait(10), -signal.SIGINT)
            finally:
                run.kill()

    def test_control_c_stops_a_blocking_command(self):
        terminal = self.terminal()
        terminal.expect(PROMPT)
        terminal.line("BLPOP none 0")
        wait_until(lambda: "blocked_clients:1" in self.redis.call("INFO", "clients").decode(), 10,
                   "the client to block")
        terminal.interrupt()
        terminal.expect("Interrupted")
        terminal.expect(PROMPT)
        terminal.line("PING")
        terminal.expect("PONG")


class LostConnections(CliTest):
    def kill_clients(self):
        self.redis.call("CLIENT", "KILL", "TYPE", "normal")

    def test_idle_connection_is_made_again_with_its_state(self):
        terminal = self.terminal()
        terminal.expect(PROMPT)
        terminal.line("SELECT 4")
        terminal.expect(r"\[4\]> $")
        terminal.line("CLIENT SETNAME me")
        terminal.expect(r"\[4\]> $")
        self.kill_clients()
        terminal.line("CLIENT GETNAME")
        terminal.expect("connection to .* has ended; connecting again")
        terminal.expect('"me"')
        terminal.expect(r"\[4\]> $")
        terminal.line("SET here x")
        terminal.expect("OK")
        self.assertEqual(self.redis.call("DBSIZE"), 0)

    def test_a_transaction_is_queued_again(self):
        terminal = self.terminal()
        terminal.expect(PROMPT)
        terminal.line("MULTI")
        terminal.expect(r"\(TX\)> $")
        terminal.line("SET a 1")
        terminal.expect(r"\(TX\)> $")
        self.kill_clients()
        terminal.line("SET b 2")
        terminal.expect("connecting again")
        terminal.expect(r"QUEUED\r\n.*\(TX\)> $")
        terminal.line("EXEC")
        terminal.expect(r"1\) OK\r\n2\) OK")
        self.assertEqual(self.redis.call("DBSIZE"), 2)

    def test_a_transaction_whose_server_is_gone(self):
        server = harness.RedisServer(self.folder.path).start()
        self.addCleanup(server.kill)
        terminal = self.terminal([self.mydis_cli[0], "cli", "--address", server.address])
        for line in ("MULTI", "INCR n"):
            terminal.expect("> $")
            terminal.line(line)
        terminal.expect(r"\(TX\)> $")
        server.kill()
        terminal.line("EXEC")
        terminal.expect("connecting again")
        terminal.interrupt()
        terminal.expect("Interrupted; nothing has changed")
        terminal.expect("has changed nothing")
        terminal.expect("Connection refused")
        terminal.expect("not connected> $")

    def test_a_transaction_whose_exec_is_on_its_way(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            def answer_until_exec():
                connection, _ = server.accept()
                with connection:
                    while (words := connection.recv(100)) and b"EXEC" not in words:
                        connection.sendall(b"+OK\r\n" if b"MULTI" in words else b"+QUEUED\r\n")
            thread = threading.Thread(target=answer_until_exec)
            thread.start()
            self.addCleanup(thread.join)
            terminal = self.terminal([self.mydis_cli[0], "cli", "-p", str(server.getsockname()[1])])
            for line in ("MULTI", "INCR n"):
                terminal.expect("> $")
                terminal.line(line)
            terminal.expect(r"\(TX\)> $")
            terminal.line("EXEC")
            terminal.expect("The transaction may or may not have changed anything")
            terminal.expect("> $")

    def test_a_command_on_its_way_may_have_happened(self):
        terminal = self.terminal()
        terminal.expect(PROMPT)
        terminal.line("BLPOP none 0")
        wait_until(lambda: "blocked_clients:1" in self.redis.call("INFO", "clients").decode(), 10,
                   "the client to block")
        self.kill_clients()
        terminal.expect("may or may not have taken effect")
        terminal.expect("Connected to")
        terminal.expect(PROMPT)

    def test_no_server_at_first(self):
        with self.subTest("not connected"):
            terminal = self.terminal([self.mydis_cli[0], "cli", "--address", "127.0.0.1:1"])
            terminal.expect("Connection refused")
            terminal.expect("not connected> $")
            terminal.line("PING")
            terminal.expect("Connection refused")
            terminal.expect("not connected> $")
            terminal.line("quit")
            self.assertEqual(terminal.wait(), 0)


if __name__ == "__main__":
    main()

#!/usr/bin/python3
"""`mydis cli` prints what redis-cli prints: every type, to people and to programs, from arguments,
from a pipe and on a terminal."""

import json
import os
import re
import signal
import socket
import subprocess

from support import BINARY, CliTest, main, wait_until

RESP3 = "redis.setresp(3) return "
COMMANDS = [
    ["PING"], ["SET", "k", "v"], ["GET", "k"], ["GET", "none"], ["INCR", "n"], ["FOO", "bar"],
    ["GET", "odd"], ["LRANGE", "none", "0", "-1"],
    ["DEBUG", "PROTOCOL", "double"], ["DEBUG", "PROTOCOL", "verbatim"],
    ["DEBUG", "PROTOCOL", "true"], ["DEBUG", "PROTOCOL", "map"], ["DEBUG", "PROTOCOL", "set"],
    ["DEBUG", "PROTOCOL", "null"], ["DEBUG", "PROTOCOL", "array"],
    ["EVAL", "return {1,{2,'a',{3,{4,{}}}},false,{}}", "0"],
    ["EVAL", "local t = {} for i = 1, 11 do t[i] = {'x', i} end return t", "0"],
    ["EVAL", "return {err='MY own'}", "0"], ["EVAL", "return {ok='fine'}", "0"],
    ["EVAL", "return {{err='MY own'}, {ok='fine'}}", "0"],
    ["EVAL", RESP3 + "{map={a=1}}", "0"], ["EVAL", RESP3 + "{map={a={map={b=1,c=2}}}}", "0"],
    ["EVAL", RESP3 + "{map={a={map={a={{5,6},7,{map={x={1,2}}}}}}}}", "0"],
    ["EVAL", RESP3 + "{{map={}}, {set={}}, {set={x=true}}, {double=0.1}, {map={a={}}}}", "0"],
    ["EVAL", RESP3 + "{map={a={set={x=true,y=true}}, b={1}}}", "0"],
    ["EVAL", RESP3 + "local t = {} for i = 1, 12 do t[i] = {i, 2} end return {map=t}"
     .removeprefix("redis.setresp(3) return "), "0"],
    ["CONFIG", "GET", "maxmemory-policy"], ["INFO", "nosuchsection"], ["CLIENT", "INFO", "x"],
    ["OBJECT", "HELP"],
]
SCRIPT = """\
SET a 1
GET a

FOO
SET "not closed
'single quotes' x
set "a b" "\\x00\\xff\\n"
GET "a b"
MULTI
INCR n
LRANGE none 0 -1
EXEC
3 INCR n
SELECT 2
GET a
SELECT 99
EXEC"""


class Output(CliTest):
    def both(self, options, words, stdin=""):
        """What each of the clients prints, on the same data. Errors of one command are apart, as with
        redis-cli's -e."""
        outputs = []
        for program in (self.redis_cli, self.mydis_cli):
            self.redis.call("FLUSHALL")
            self.redis.call("SET", "k", "v")
            self.redis.call("SET", "odd", 'a"b\\\n\t\x01é')
            apart = ["-e"] if words and program is self.redis_cli else []
            outputs.append(self.run_program([*program, *apart, *options, *words], stdin).stdout)
        return outputs

    def test_every_type_in_every_style(self):
        for options in ([], ["--no-raw"], ["--raw"], ["-3"], ["-3", "--no-raw"], ["--csv"],
                        ["-3", "--csv"]):
            for words in COMMANDS:
                with self.subTest(options=options, words=words):
                    expected, got = self.both(options, words)
                    self.assertEqual(got, expected)

    def test_lines_from_a_pipe(self):
        for options in ([], ["--no-raw"], ["-n", "3"]):
            with self.subTest(options=options):
                expected, got = self.both(options, [], SCRIPT)
                self.assertEqual(got, expected)

    def test_last_argument_from_standard_input(self):
        for data in ("", "hello\nworld", "trailing newline\n"):
            self.run_program([*self.mydis_cli, "-x", "SET", "k"], data)
            self.assertEqual(self.redis.call("GET", "k"), data.encode())

    def test_repetitions(self):
        expected, got = self.both(["-r", "3", "-i", "0.01"], ["INCR", "n"])
        self.assertEqual(got, expected)
        self.assertEqual(got, b"1\n2\n3\n")

    def test_conversations(self):
        """The same lines on a terminal to both."""
        lines = ["SET k v", "GET k", "SELECT 3", "GET k", "MULTI", "INCR n", "SET k v", "EXEC",
                 "MULTI", "DISCARD", "FOO", 'SET a "b', "2 INCR m", "EVAL 'return {1,{2,3}}' 0",
                 "CLIENT INFO x", "SELECT 0", "HELLO 3", "CONFIG GET maxmemory-policy",
                 "SMEMBERS none", "MULTI", "FOO", "EXEC"]
        screens = []
        for program in (self.redis_cli, self.mydis_cli):
            self.redis.call("FLUSHALL")
            terminal = self.terminal(program)
            for line in [*lines, "quit"]:
                terminal.expect(r"[\d\])]> $")  # Not the "=> " of a map.
                terminal.line(line)
                terminal.expect(r"\n")
            self.assertEqual(terminal.wait(), 0)
            # What the line editors redraw is overwritten from the line's beginning on.
            shown = [line.rstrip("\r").rpartition("\r")[2] for line in terminal.screen.split("\n")]
            screens.append(re.sub(r'"id" => .*', "", "\n".join(shown)))
        self.assertEqual(screens[1], screens[0])


class ExitStatus(CliTest):
    def status(self, arguments, stdin=""):
        run = self.run_program(arguments, stdin)
        return run.returncode, run.stderr.decode()

    def test_statuses(self):
        self.assertEqual(self.status([*self.mydis_cli, "PING"]), (0, ""))
        self.assertEqual(self.status([*self.mydis_cli, "FOO"])[0], 1)
        self.assertEqual(self.status(self.mydis_cli, "PING\nFOO\nPING\n"), (1, ""))
        self.assertEqual(self.status(self.mydis_cli, "PING\n")[0], 0)
        self.assertEqual(self.status([*self.mydis_cli, "-n", "99", "PING"])[0], 1)

    def test_an_error_is_no_answer(self):
        self.redis.call("RPUSH", "list", "x")
        error = b"WRONGTYPE Operation against a key holding the wrong kind of value\n"
        for options, expected in (([], error), (["--csv"], error), (["--no-raw"], b"(error) " + error)):
            run = self.run_program([*self.mydis_cli, *options, "GET", "list"])
            self.assertEqual((run.returncode, run.stdout, run.stderr), (1, b"", expected))
        run = self.run_program([*self.mydis_cli, "--json", "GET", "list"])
        self.assertEqual((run.returncode, run.stderr), (1, b""))
        self.assertIn(b'"code":"WRONGTYPE"', run.stdout)

    def test_a_line_with_an_open_quote(self):
        run = self.run_program(self.mydis_cli, "PING\n\nSET a 'b\nPING\n")
        self.assertEqual((run.returncode, run.stdout), (1, b"PONG\nInvalid argument(s)\nPONG\n"))
        self.assertEqual(run.stderr, b"mydis cli: line 3: a quote is not closed; the line was not sent\n")
        run = self.run_program([*self.mydis_cli, "--json"], "SET a 'b\n")
        self.assertEqual(json.loads(run.stdout), {"error": {"code": "ERR", "message": "Invalid argument(s)"}})

    def test_commands_without_replies(self):
        self.assertEqual(self.status([*self.mydis_cli, "CLIENT", "REPLY", "OFF"]), (0, ""))
        run = self.run_program(self.mydis_cli, "CLIENT REPLY SKIP\nINCR n\nINCR n\nCLIENT REPLY OFF\nINCR n\n"
                               "CLIENT REPLY SKIP\nINCR n\nFOO\nCLIENT REPLY ON\nINCR n\n")
        self.assertEqual((run.returncode, run.stdout, run.stderr), (0, b"2\nOK\n5\n", b""))

    def test_wrong_command_lines(self):
        for arguments, words in (
                (["cli", "--bogus", "PING"], "--bogus is not an option"),
                (["cli", "-n", "x", "PING"], "--db: x is not a number"),
                (["cli", "--address", "nowhere:x", "PING"], "--address"),
                (["cli", "--raw", "--no-raw", "PING"], "--raw and --no-raw"),
                (["cli", "-x"], "-x needs a command"),
                (["cli", "-i", "soon", "PING"], "--interval: soon"),
                (["clu"], "did you mean cli?"), ([], "mydis --help"),
                (["cluster"], "mydis cluster --help"), (["cluster", "remov"], "did you mean remove?"),
                (["cluster", "remove"], "mydis cluster remove INSTANCE"),
                (["server", "--port", "1"], "--port is not an option; try mydis server --help"),
                (["cli", "--ldb", "1"], "--ldb is not an option; try mydis cli --help"),
                (["cli", "--ldb"], "--ldb is not an option; try mydis cli --help"),
                (["cluster", "status", "extra"],
                 "extra is one word too many; write it as: mydis cluster status"),
                (["token", "create", "foo"], "mydis token create --name foo"),
                (["cli", "-a", "x", "--token", "y", "PING"], "--token and --pass exclude each other"),
                (["cluster", "--user", "u", "--token", "y", "status"], "--token and --user exclude"),
                (["backup", "--user", "u", "x"], "--user needs a password: give --pass"),
                (["backup", "--", "-x", "y"], "y is one word too many"), (["help", "serve"], "mean server?"),
                (["cluster", "-p", "0", "status"], "--port: 0 is not a port"),
                (["cluster", "-p", "1", "--address", "x:1", "status"], "--address, or --host and --port"),
                (["cluster", "add"], "mydis cluster add HOST:RAFTPORT"),
                (["cluster", "--timeout", "0", "status"], "--timeout"),
                (["backup", ""], "mydis backup: the name of the file is empty"),
                (["restore", "--yes", ""], "the name of the file is empty"),
                (["import", ""], "the name of the file is empty"),
                (["export", ""], "the name of the file is empty"),
                (["export", "--from", "", "x"], "--from: the name of the file is empty"),
                (["verify", ""], "the name of the file is empty"),
                (["recover", "--data-dir", ""], "--data-dir: the directory's name is empty"),
                (["cli", "--eval", ""], "--eval: the name of the file is empty"),
                (["cli", "--token", "secret", "PING"], "--token: this is no token: those begin with mydis_"),
                (["cli", "--tls-ca", "/nowhere", "PING"],
                 "mydis cli: --tls-ca: cannot use the CA certificates in /nowhere: No such file"),
                (["cli", "--tls-cert", "/nowhere", "--tls-key", "/nowhere", "PING"],
                 "mydis cli: --tls-cert: cannot use the certificate in /nowhere: No such file")):
            with self.subTest(arguments=arguments):
                status, text = self.status([BINARY, *arguments])
                self.assertEqual(status, 2)
                self.assertIn(words, text)
                self.assertEqual(text.count("\n"), 1)
                self.assertNotIn("secret", text)

    def test_a_file_is_looked_for_before_anybody_is_asked(self):
        for arguments, words in ((["restore", "/nowhere"], "/nowhere: No such file or directory"),
                                 (["recover", "--data-dir", "/nowhere"],
                                  "/nowhere is no data directory of Mydis: give --data-dir")):
            self.assertEqual(self.status([BINARY, *arguments]), (1, f"mydis {arguments[0]}: {words}\n"))

    def test_no_server(self):
        for arguments in (["cli", "--address", "127.0.0.1:1", "PING"],
                          ["cluster", "-h", "127.0.0.1", "-p", "1", "status"], ["backup", "-p", "1", "x"],
                          ["cluster", "--address", "127.0.0.1:1", "status"]):
            status, text = self.status([BINARY, *arguments])
            self.assertEqual(status, 1)
            self.assertIn("127.0.0.1:1: Connection refused", text)
            self.assertIn("--address", text)
            self.assertEqual(text.count("\n"), 1)

    def test_several_addresses(self):
        run = self.run_program([BINARY, "cli", "--address", f"127.0.0.1:1,{self.redis.address}",
                                "PING"])
        self.assertEqual((run.returncode, run.stdout), (0, b"PONG\n"))

    def test_an_address_that_does_not_answer_is_passed_over(self):
        """Connections to a program that is stopped are accepted for it, as for this socket."""
        with socket.create_server(("127.0.0.1", 0)) as frozen:
            stopped = f"127.0.0.1:{frozen.getsockname()[1]}"
            # Each address has its half of these 5 s.
            for more in ([], ["--timeout", "5s"]):
                run = self.run_program([BINARY, "cli", "--address", f"{stopped},{self.redis.address}",
                                        *more, "PING"])
                self.assertEqual((run.returncode, run.stdout), (0, b"PONG\n"))
            status, text = self.status([BINARY, "cli", "--address", stopped, "--timeout", "100ms", "PING"])
            self.assertEqual(status, 1)
            self.assertIn("did not answer in time", text)
            # The other one was asked: it is redis-server, which knows no MYDIS.
            status, text = self.status([BINARY, "cluster", "status", "--timeout", "5s", "--address",
                                        f"{stopped},{self.redis.address}"])
            self.assertEqual(status, 1)
            self.assertIn("MYDIS", text)

    def test_a_pipe_does_not_end_with_its_connection(self):
        """Nothing was on its way when it ended: a command sent before that would be in doubt."""
        program = subprocess.Popen(self.mydis_cli, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
        with program:
            self.addCleanup(program.kill)
            program.stdin.write(b"SET a 1\nCLIENT KILL TYPE normal SKIPME no\n")
            program.stdin.flush()
            replies = [program.stdout.readline() for _ in range(2)]
            # The instance answers before it ends the connection.
            wait_until(lambda: b"cmd=client|kill" not in self.redis.call("CLIENT", "LIST"), 20)
            text, errors = program.communicate(b"SET b 2\nSET c 3\n", timeout=30)
        lines = [*replies, *text.splitlines(keepends=True)]
        self.assertEqual((program.returncode, len(lines), errors.count(b"\n")), (0, 4, 2), errors)
        self.assertEqual(sorted(self.redis.call("KEYS", "*")), [b"a", b"b", b"c"])

    def test_a_full_disk_is_noticed(self):
        self.redis.call("SET", "k", "v")
        cli = self.mydis_cli
        for arguments in ([*cli, "GET", "k"], [*cli, "--json", "GET", "k"], [*cli, "--scan"],
                          [BINARY, "--version"], [BINARY, "--help"], [BINARY, "server", "--help"],
                          [BINARY, "cluster", "keygen"], [BINARY, "completion", "bash"],
                          [BINARY, "man", "server"]):
            with self.subTest(arguments=arguments), open("/dev/full", "wb") as full:
                run = subprocess.run(arguments, stdin=subprocess.DEVNULL, stdout=full,
                                     stderr=subprocess.PIPE, text=True, timeout=30)
                self.assertRegex(run.stderr, r"\Amydis: standard output: (No space left|not all could).*\n\Z")
                self.assertEqual(run.returncode, 1)

    def test_a_reader_that_has_gone_is_no_news(self):
        for ignored in (signal.SIG_DFL, signal.SIG_IGN):
            reading, writing = os.pipe()
            os.close(reading)
            run = subprocess.run([BINARY, "completion", "bash"], stdout=writing, timeout=30,
                                 stderr=subprocess.PIPE, restore_signals=False,
                                 preexec_fn=lambda: signal.signal(signal.SIGPIPE, ignored))
            os.close(writing)
            self.assertEqual(run.stderr, b"")
            self.assertNotEqual(run.returncode, 0)

    def test_help_and_version_in_every_place(self):
        for arguments, words in ((["help", "cluster"], "Usage: mydis cluster "), (["-v"], "mydis "),
                                 (["cli", "--version"], "mydis "), (["cluster", "-v"], "mydis ")):
            run = self.run_program([BINARY, *arguments])
            self.assertEqual((run.returncode, run.stderr), (0, b""))
            self.assertIn(words, run.stdout.decode())

    def test_words_behind_two_dashes(self):
        run = self.run_program([*self.mydis_cli, "--", "ECHO", "--json"])
        self.assertEqual((run.returncode, run.stdout), (0, b"--json\n"))
        status, text = self.status([BINARY, "verify", "--", "--json"])
        self.assertEqual((status, text), (1, "mydis verify: --json: No such file or directory\n"))

    def test_help_names_every_subcommand(self):
        general = self.run_program([BINARY, "--help"]).stdout.decode()
        for subcommand in ("server", "cli", "cluster"):
            self.assertIn(f"\n  {subcommand} ", general)
            run = self.run_program([BINARY, subcommand, "--help"])
            self.assertEqual(run.returncode, 0)
            self.assertIn(f"Usage: mydis {subcommand} ", run.stdout.decode())


if __name__ == "__main__":
    main()

#!/usr/bin/python3
"""The scripts of `mydis completion`, in the shells that they are for."""

import os
import shlex
import subprocess
import unittest

from support import BINARY, Terminal, harness, main, wait_until

# What is typed, what must be offered (all of it), what must not be. The last word is being typed.
CASES = (
    ("mydis ", "server cli cluster token completion man", "status"),
    ("mydis clu", "cluster", "cli"),
    ("mydis cluster ", "status add transfer keygen", "server"),
    ("mydis cluster tr", "transfer", "status"),
    ("mydis cluster --address a:1 st", "status", "add"),
    ("mydis cluster --tls st", "status", "add"),
    ("mydis cluster --js", "--json", "--address"),
    ("mydis server --log-level ", "debug info warning error", "text"),
    ("mydis server --log-level=w", "warning", "info"),
    ("mydis server --data-dir ho", "holder/", "hosts.toml"),
    ("mydis server --config ho", "hosts.toml", ""),
    ("mydis cli lran", "lrange", "LRANGE"),
    ("mydis cli -n 3 LRAN", "LRANGE", "lrange"),
    ("mydis completion ", "bash zsh fish", ""),
)

ZSH_SETUP = """\
autoload -U compinit
compinit -u -D
source ./script.zsh
compadd() {
  # Calls that only sort words are not offers.
  if [[ ${@[(I)-[OAD]*]} == 0 ]]; then
    local -a hits
    builtin compadd -O hits "$@"
    print -rl -- $hits >> offered
  fi
  builtin compadd "$@"
}
capture() {
  BUFFER=$(<line)
  CURSOR=$#BUFFER
  zle complete-word
  print end >> offered
}
zle -N capture
bindkey '^X' capture
"""


def script(shell):
    return subprocess.run([BINARY, "completion", shell], capture_output=True, text=True, check=True,
                          timeout=30).stdout


class Completion(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = harness.Folder()
        cls.addClassCleanup(cls.folder.remove)
        os.mkdir(os.path.join(cls.folder.path, "holder"))
        open(os.path.join(cls.folder.path, "hosts.toml"), "w").close()
        for shell in ("bash", "zsh", "fish"):
            with open(os.path.join(cls.folder.path, "script." + shell), "w") as file:
                file.write(script(shell))

    def run_shell(self, *arguments):
        run = subprocess.run(arguments, capture_output=True, text=True, timeout=60,
                             stdin=subprocess.DEVNULL, cwd=self.folder.path,
                             env={**os.environ, "HOME": self.folder.path, "LC_ALL": "C.UTF-8"})
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        return run.stdout

    def check(self, offers):
        """`offers(text)` gives the words that the shell offers for a line."""
        for text, wanted, unwanted in CASES:
            with self.subTest(text=text):
                offered = offers(text)
                for word in wanted.split():
                    self.assertIn(word, offered)
                for word in unwanted.split():
                    self.assertNotIn(word, offered)

    def test_bash(self):
        # As readline takes a line apart: "=" and ":" are words.
        def words(text):
            spaced = text.replace("=", " = ").replace(":", " : ")
            return spaced.split() + ([""] if spaced.endswith(" ") else [])

        def offers(text):
            line = " ".join(map(shlex.quote, words(text)))
            # Directories get their slash from readline.
            return self.run_shell(
                "bash", "--norc", "-c",
                f"source script.bash; COMP_WORDS=({line}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))\n"
                '_mydis; for word in "${COMPREPLY[@]}"; do [[ -d $word ]] && word+=/\n'
                'echo "$word"; done').split()
        self.check(offers)

    def test_bash_script_is_clean(self):
        self.run_shell("shellcheck", "script.bash")

    def test_fish(self):
        def offers(text):
            lines = self.run_shell("fish", "--no-config", "-c",
                                   f"source script.fish; complete -C {shlex.quote(text)}")
            words = [line.split("\t")[0] for line in lines.splitlines()]
            return [word.removeprefix("--log-level=") for word in words]
        self.check(offers)

    def test_zsh(self):
        # zsh completes on a terminal only. Ctrl-X takes the line from one file, and writes what is
        # offered for it to another.
        with open(os.path.join(self.folder.path, "setup.zsh"), "w") as file:
            file.write(ZSH_SETUP)
        terminal = Terminal(["zsh", "-f", "-i"], {"HOME": self.folder.path, "PS1": "ready> "})
        self.addCleanup(terminal.close)
        terminal.expect("ready> ")
        terminal.line(f"cd {self.folder.path}; source ./setup.zsh; echo set''up")
        terminal.expect("setup\r\n")

        def read(name):
            with open(os.path.join(self.folder.path, name)) as file:
                return file.read()

        def offers(text):
            with open(os.path.join(self.folder.path, "line"), "w") as file:
                file.write(text)
            open(os.path.join(self.folder.path, "offered"), "w").close()
            terminal.send("\x18")
            wait_until(lambda: read("offered").endswith("end\n"), 15, f"an answer to {text!r}")
            words = read("offered").split("\n")[:-2]
            return [word + "/" if os.path.isdir(os.path.join(self.folder.path, word)) and word
                    else word for word in words]
        self.check(offers)

    def test_wrong_shell(self):
        run = subprocess.run([BINARY, "completion", "zhs"], capture_output=True, text=True)
        self.assertEqual(run.returncode, 2)
        self.assertIn("did you mean zsh?", run.stderr)


if __name__ == "__main__":
    main()

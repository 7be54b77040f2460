"""A program on a terminal of its own, driven as a user does. Standard library only."""

import os
import pty
import re
import select
import signal
import time

LIMIT = 15.0


class Terminal:
    """Runs `arguments` on a pseudo-terminal; `screen` collects all that it prints."""

    def __init__(self, arguments, environment=None, term="dumb"):
        self.screen = ""
        self._seen = 0  # Up to where expect() has looked.
        self.status = None
        variables = {**os.environ, "TERM": term, "LC_ALL": "C.UTF-8", "COLUMNS": "120",
                     **(environment or {})}
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            try:
                os.execvpe(arguments[0], arguments, variables)
            finally:
                os._exit(127)
        self.resize(120)

    def resize(self, columns):
        import fcntl
        import struct
        import termios
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", 30, columns, 0, 0))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def send(self, text):
        os.write(self._fd, text.encode())

    def line(self, text):
        self.send(text + "\r")

    def interrupt(self):
        self.send("\x03")

    def _read(self, limit):
        """Whether something came. An end of the program shows as an empty read or an error."""
        if not select.select([self._fd], [], [], limit)[0]:
            return False
        try:
            data = os.read(self._fd, 65536)
        except OSError:
            data = b""
        self.screen += data.decode(errors="replace")
        return bool(data)

    def expect(self, pattern, limit=LIMIT):
        """Waits until what was printed since the last call matches; gives what came before it."""
        end = time.monotonic() + limit
        while True:
            found = re.compile(pattern).search(self.screen, self._seen)
            if found:
                before = self.screen[self._seen:found.start()]
                self._seen = found.end()
                return before
            left = end - time.monotonic()
            if left <= 0 or (not self._read(left) and time.monotonic() < end):
                raise AssertionError(f"{pattern!r} did not come; the terminal shows\n"
                                     f"{self.screen[self._seen:]!r}")

    def wait(self, limit=LIMIT):
        """Waits for the end of the program, gives its exit status."""
        end = time.monotonic() + limit
        while self.status is None and time.monotonic() < end:
            while self._read(0.05):
                pass
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
        if self.status is None:
            raise AssertionError(f"the program did not end; the terminal shows\n{self.screen!r}")
        return self.status

    def close(self):
        if self.status is None:
            try:
                os.kill(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)
            except (ProcessLookupError, ChildProcessError):
                pass
            self.status = -signal.SIGKILL
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

"""Strings and replies in the notation of tests/resp/README.md, both ways."""

import re

_ESCAPES = {ord("\n"): "\\n", ord("\r"): "\\r", ord("\t"): "\\t", ord('"'): '\\"', ord("\\"): "\\\\"}
_UNESCAPES = {"n": b"\n", "r": b"\r", "t": b"\t", "a": b"\a", "b": b"\b"}
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"(?:\*(\d+))?|\'([^\']*)\'(?:\*(\d+))?')
_ESCAPE = re.compile(r"\\x([0-9a-fA-F]{2})|\\(.)|([^\\]+)", re.DOTALL)
_VARIABLE = re.compile(r"\$\{([a-zA-Z0-9_]+)\}")


class GrammarError(Exception):
    """A line that is none of the grammar."""


def quote(data):
    """Bytes as a double-quoted string: printable ASCII as it is, the rest escaped."""
    return '"' + "".join(_ESCAPES.get(b) or (chr(b) if 32 <= b < 127 else f"\\x{b:02x}")
                         for b in data) + '"'


def unescape(text):
    out = b""
    for match in _ESCAPE.finditer(text):
        if match.group(1) is not None:
            out += bytes([int(match.group(1), 16)])
        elif match.group(2) is not None:
            out += _UNESCAPES.get(match.group(2)) or match.group(2).encode()
        else:
            out += match.group(3).encode()
    return out


def substitute(text, variables):
    """Puts the saved values in for ${NAME}, before quotes are looked at."""
    def value(match):
        if match.group(1) not in variables:
            raise GrammarError(f"${{{match.group(1)}}} was never saved, add @save {match.group(1)}")
        return quote(variables[match.group(1)])[1:-1]
    return _VARIABLE.sub(value, text) if "${" in text else text


def _quoted(match):
    if match.group(1) is not None:
        return unescape(match.group(1)) * int(match.group(2) or 1)
    return match.group(3).encode() * int(match.group(4) or 1)


def parse_string(text):
    """The bytes of one quoted string."""
    match = _QUOTED.fullmatch(text)
    if not match:
        raise GrammarError(f"{text} is no quoted string")
    return _quoted(match)


def split_words(text):
    """The words of a command line as bytes."""
    words = []
    at = 0
    while True:
        while at < len(text) and text[at] == " ":
            at += 1
        if at == len(text):
            return words
        if text[at] in "\"'":
            match = _QUOTED.match(text, at)
            if not match or (match.end() < len(text) and text[match.end()] != " "):
                raise GrammarError(f"the quotes of {text[at:]} are not closed before a space or the end")
            words.append(_quoted(match))
            at = match.end()
        else:
            end = text.find(" ", at)
            end = len(text) if end < 0 else end
            words.append(text[at:end].encode())
            at = end


_NULLS = {"$nil": "(nil)", "*nil": "(nil-array)", "_": "(null)"}


def _line_text(data):
    """A simple string or error: as it is, with what is not printable escaped."""
    return "".join("\\\\" if b == 92 else chr(b) if 32 <= b < 127 else _ESCAPES.get(b)
                   or f"\\x{b:02x}" for b in data)


def scalar(reply):
    """The notation of a reply that is no aggregate, or the head line of one that is."""
    kind, value = reply
    if kind in _NULLS:
        return _NULLS[kind]
    if kind == "$":
        return quote(value)
    if kind == "!":
        return "!" + quote(value)
    if kind == "=":
        return "=" + value[:4].decode(errors="replace") + quote(value[4:])
    if kind in "%|":
        return f"{kind}{len(value) // 2}"
    if kind in "*~>":
        return f"{kind}{len(value)}"
    return kind + _line_text(value)


def render(reply, depth=0):
    """All lines of a reply."""
    lines = ["  " * depth + scalar(reply)]
    if isinstance(reply[1], list):
        for item in reply[1]:
            lines += render(item, depth + 1)
    return lines

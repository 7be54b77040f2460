"""The rules that need only one file at a time. check(file) gives the findings as lines."""

import re

from lintlib import layers

MAX_FILE_LINES = 500
MAX_FUNCTION_LINES = 80

_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(["<])([^">\n]+)[">]', re.MULTILINE)
_MARKER = re.compile(r"\b(TO" r"DO|FIX" r"ME|X" r"XX)\b")
_TRAILING = re.compile(r"[ \t\r]+$", re.MULTILINE)
_USING_NAMESPACE = re.compile(r"\busing\s+namespace\b")
_DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", re.MULTILINE)
_NOT_A_FUNCTION = re.compile(r"^\s*(?:(?:template\s*<.*>|inline|export|extern|\[\[.*?\]\])\s*)*"
                             r"(namespace|class|struct|union|enum)\b(?!.*\)\s*(?:const|noexcept|"
                             r"override|\s)*$)", re.DOTALL)
_ACCESS = re.compile(r"\b(?:public|private|protected)\s*:(?!:)")
_INITIALIZER = re.compile(r"^[^(]*[^=!<>(]=(?!=)")


def finding(file, line, name, message):
    return f"{file.path}:{line}: {message} [{name}]"


def check(file):
    """All findings of one file."""
    found = _check_text(file)
    if file.is_cpp:
        found += _check_headers(file)
        found += _check_includes(file)
        found += _check_bans(file)
        found += _check_functions(file)
    return found


def _check_text(file):
    found = []
    for line, name, reason in file.excuses():
        if not reason and not file.path.startswith("tools/lint"):
            found.append(finding(file, line, "excuse", f"the excuse {name}-ok gives no reason"))
    for match in _TRAILING.finditer(file.text):
        found.append(finding(file, file.line_of(match.start()), "whitespace",
                             "trailing whitespace, remove it"))
    if file.text and not file.text.endswith("\n"):
        found.append(finding(file, file.text.count("\n") + 1, "whitespace",
                             "the last line has no end, add one"))
    for match in _MARKER.finditer(file.text):
        line = file.line_of(match.start())
        if not file.excused("marker", line):
            found.append(finding(file, line, "marker",
                                 f"{match.group()} marks unfinished work, finish it or take it out"))
    limited = file.is_cpp or file.path.endswith((".py", ".go"))
    lines = file.text.count("\n")
    if limited and lines > MAX_FILE_LINES and not file.excused_at_top("size"):
        found.append(finding(file, MAX_FILE_LINES + 1, "size",
                             f"{lines} lines, the limit is {MAX_FILE_LINES}: split the file"))
    return found


def _check_headers(file):
    if not file.is_header:
        return []
    found = []
    if not re.search(r"^#pragma once$", file.text, re.MULTILINE):
        found.append(finding(file, 1, "pragma-once", "the header has no #pragma once, add it"))
    for match in _USING_NAMESPACE.finditer(file.code):
        line = file.line_of(match.start())
        if not file.excused("using-namespace", line):
            found.append(finding(file, line, "using-namespace",
                                 "using namespace is banned in headers, write the names out"))
    return found


def _check_includes(file):
    if file.layer is None:
        return []
    found = []
    for match in _INCLUDE.finditer(file.text):
        line = file.line_of(match.start())
        problem = layers.include_problem(file, match.group(2), match.group(1) == "<")
        if problem and not file.excused("include", line):
            found.append(finding(file, line, "include", problem))
    return found


def _check_bans(file):
    if file.layer not in layers.DETERMINISTIC or file.is_test:
        return []
    found = []
    for ban in layers.BANS:
        for match in ban.pattern.finditer(file.code):
            line = file.line_of(match.start())
            if file.excused(ban.name, line):
                continue
            word = re.sub(r"\s+", " ", match.group().strip(" \t\n(<"))
            found.append(finding(file, line, ban.name,
                                 f"{word} is banned in {file.layer}, use {ban.instead}"))
    return found


def function_bodies(code):
    """(first line, last line) of every function body outside of functions, from stripped code.

    A brace opens a function when everything around it is a namespace, class or extern block and the
    text since the last statement has parentheses but is neither a type nor an initializer.
    """
    code = _DIRECTIVE.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), code)
    bodies = []
    start = 0  # Where the text since the last statement begins.
    line = 1  # The line of `position`, kept up to date as braces are met.
    position = 0
    stack = []  # (kind, first line) with kind scope, function or other.
    for match in re.finditer(r"[{};]", code):
        at = match.start()
        line += code.count("\n", position, at)
        position = at
        in_scope = all(kind == "scope" for kind, _ in stack)
        if match.group() == "{":
            header = _ACCESS.sub("", code[start:at])
            kind = _kind(header) if in_scope else "other"
            first = line - header.lstrip().count("\n")
            stack.append((kind, first))
        elif match.group() == "}":
            if stack:
                kind, first = stack.pop()
                if kind == "function":
                    bodies.append((first, line))
        if match.group() != ";" or in_scope:
            start = at + 1
    return bodies


def _kind(header):
    if _NOT_A_FUNCTION.match(header) or re.match(r'\s*(extern\s*" *"\s*)?$', header):
        return "scope"
    if "operator" not in header and _INITIALIZER.match(header):
        return "other"
    return "function" if "(" in header else "other"


def _check_functions(file):
    found = []
    for first, last in function_bodies(file.code):
        lines = last - first + 1
        if lines > MAX_FUNCTION_LINES and not file.excused("function-size", first):
            found.append(finding(file, first, "function-size",
                                 f"a function of {lines} lines, the limit is "
                                 f"{MAX_FUNCTION_LINES}: split it"))
    return found

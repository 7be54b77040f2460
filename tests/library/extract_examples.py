#!/usr/bin/python3
"""Makes a C++ program of the examples of a page: `extract_examples.py PAGE OUTPUT`.

Each ```cpp block becomes a function, which has a `client` and a `session`; the program runs them in order
against the addresses that it is given. A block with a main of its own is called through that.
"""

import re
import sys

HEAD = """\
// Made from {page} by tests/library/extract_examples.py.
#include <mydis/mydis.h>

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <latch>

namespace {{

[[maybe_unused]] void Complain(const mydis::Status& status) {{
  std::cerr << status.message() << "\\n";
  std::exit(1);
}}

// Names the line of the page.
void CheckAt(bool holds, int line) {{
  if (holds) return;
  std::cerr << "{page}:" << line << ": this does not hold\\n";
  std::exit(1);
}}
#define Check(condition) CheckAt(condition, __LINE__)

}}  // namespace
"""

MAIN = """
int main(int argc, char** argv) {{
{mains}
  auto client = mydis::Client::Connect({{.addresses = {{argv + 1, argv + argc}}}});
  if (!client) Complain(client.error());
{calls}
}}
"""


def blocks(text):
    """(line of its first line, lines)."""
    for match in re.finditer(r"^```cpp\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        yield text.count("\n", 0, match.start()) + 2, match[1]


def main(page, output):
    with open(page, encoding="utf-8") as file:
        text = file.read()
    parts, calls, mains = [HEAD.format(page=page)], [], []
    for number, (line, block) in enumerate(blocks(text)):
        where = f'#line {line} "{page}"\n'
        if "int main(" in block:
            # Only main itself may end without a value.
            block = block.removesuffix("}\n") + "  return 0;\n}\n"
            parts.append(where + block.replace("int main(", f"int Main{number}("))
            mains.append(f"  if (Main{number}(argc, argv) != 0) return 1;")
        else:
            head = (f"void Example{number}([[maybe_unused]] mydis::Client& client, "
                    "[[maybe_unused]] mydis::Session session)")
            parts.append(f"namespace {{\n{head} {{\n{where}{block}}}\n}}  // namespace\n")
            calls.append(f"  Example{number}(**client, (*client)->NewSession());")
    parts.append(MAIN.format(mains="\n".join(mains), calls="\n".join(calls)))
    with open(output, "w", encoding="utf-8") as file:
        file.write("\n".join(parts))


if __name__ == "__main__":
    main(*sys.argv[1:])

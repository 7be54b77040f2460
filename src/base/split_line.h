// Words of a line, as Redis and its clients take them.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace mydis {

// Splits a line as Redis does: words separated by blanks; "double quotes" with escapes, 'single
// quotes'. False: a quote is not closed, or is followed by no blank. Arguments that need no change
// are views into `line`; the others are kept in `unquoted`.
bool SplitLine(std::string_view line, std::vector<std::string_view>* args,
               std::deque<std::string>* unquoted);

}  // namespace mydis

// The target of an HTTP request: a path and a query, both percent-encoded. Any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mydis {

// "%41b" becomes "Ab". nullopt if a '%' is not followed by two hexadecimal digits. `plus`: a '+'
// stands for a space, as in a query.
std::optional<std::string> PercentDecode(std::string_view text, bool plus = false);

struct HttpTarget {
  std::string path;  // As it was sent, from the first '/' on: what '/' and '%' mean is the route's.
  std::vector<std::pair<std::string, std::string>> query;  // Decoded, in order.

  // The last of that name, or nullptr.
  const std::string* Find(std::string_view name) const;
};

// Reads "/path?name=value&flag", also behind "http://host". nullopt if it is no such thing.
std::optional<HttpTarget> ParseHttpTarget(std::string_view text);

}  // namespace mydis

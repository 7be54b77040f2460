#include "state/entry.h"

#include <charconv>

namespace mydis {

std::string_view Entry::string(Scratch& scratch) const {
  if (encoding() != ValueEncoding::kInteger) return text();
  const auto end = std::to_chars(scratch.digits, scratch.digits + sizeof scratch.digits, integer());
  return {scratch.digits, static_cast<size_t>(end.ptr - scratch.digits)};
}

size_t Entry::string_size() const {
  Scratch scratch;
  return string(scratch).size();
}

}  // namespace mydis

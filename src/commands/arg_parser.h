// Reads a command's words in order and remembers the first error, so that a handler parses
// everything and checks once.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "commands/errors.h"
#include "state/context.h"

namespace mydis {

// ASCII case-insensitive comparison; `upper` is upper case.
bool EqualsUpper(std::string_view word, std::string_view upper);

// Redis's strict reading of numbers: the canonical decimal form only (no spaces, no plus sign, no
// leading zeros).
std::optional<int64_t> ParseInteger(std::string_view text);
// Redis's reading of a floating point number: the whole text, no spaces, no NaN.
std::optional<double> ParseDouble(std::string_view text);
std::optional<long double> ParseLongDouble(std::string_view text);

class ArgParser {
 public:
  explicit ArgParser(Args args, size_t first = 1) : args_(args), next_(first) {}

  bool HasNext() const { return error_.empty() && next_ < args_.size(); }
  size_t remaining() const { return args_.size() - next_; }
  // The next word; a syntax error if there is none.
  std::string_view Next() {
    if (next_ >= args_.size()) {
      Fail(kErrSyntax);
      return {};
    }
    return args_[next_++];
  }
  // Takes the next word if it is `upper` in any case.
  bool Accept(std::string_view upper) {
    if (!HasNext() || !EqualsUpper(args_[next_], upper)) return false;
    ++next_;
    return true;
  }
  int64_t Integer(std::string_view error = kErrNotInteger) {
    auto v = ParseInteger(Next());
    if (!v) Fail(error);
    return v.value_or(0);
  }
  double Double(std::string_view error = kErrNotFloat) {
    auto v = ParseDouble(Next());
    if (!v) Fail(error);
    return v.value_or(0);
  }
  void Fail(std::string_view error) {
    if (error_.empty()) error_ = error;
  }
  // Empty if nothing went wrong.
  const std::string& error() const { return error_; }
  // True if anything went wrong; then the error has been sent.
  bool Rejected(Reply& reply) const {
    if (error_.empty()) return false;
    reply.Error(error_);
    return true;
  }

 private:
  Args args_;
  size_t next_;
  std::string error_;
};

}  // namespace mydis

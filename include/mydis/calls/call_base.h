// What all families of typed calls stand on. Standard library only.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "mydis/decode.h"
#include "mydis/lists.h"
#include "mydis/options.h"
#include "mydis/words.h"

namespace mydis {

// What the session has to know of a command in order to send it the right way. A wrong kRead gives
// an error, never a wrong answer.
enum class CallKind : uint8_t {
  kAny,       // Not known: treated as a write.
  kRead,      // Changes nothing: may be answered in the caller's thread, and asked again freely.
  kWrite,     // Is numbered, so that it is carried out once.
  kBlocking,  // A write that may wait for a key: it has a connection of its own meanwhile.
};

// Names and their values, in the order in which the server has them.
using Fields = std::vector<std::pair<std::string, std::string>>;

// A step of a SCAN and its kind: scan.h goes all the way.
struct ScanOptions {
  std::string_view match;  // A pattern; empty: everything.
  int64_t count = 0;       // About how many a step looks at; 0: as the server likes.
};
template <typename Item>
struct ScanStep {
  std::string cursor;  // For the next step.
  std::vector<Item> items;
  bool done() const { return cursor == "0"; }
};
// The cursor of the first step.
inline constexpr std::string_view kScanStart = "0";

namespace detail {

inline Words& AddScanOptions(Words& words, const ScanOptions& scan) {
  if (!scan.match.empty()) words.Add("MATCH", scan.match);
  if (scan.count > 0) words.Add("COUNT", scan.count);
  return words;
}

template <typename Item>
struct Decoder<ScanStep<Item>> {
  static Result<ScanStep<Item>> From(Value value) {
    auto step = Decoder<std::pair<std::string, std::vector<Item>>>::From(std::move(value));
    if (!step) return std::unexpected(std::move(step.error()));
    return ScanStep<Item>{std::move(step->first), std::move(step->second)};
  }
};

}  // namespace detail

// A family of typed calls: `Answer<T>` is what a call of result T gives — Result<T> from a Session,
// Future<T> from Session::Async(), Pipeline and Transaction. `Self` sends them. `Family` is the
// class that derives from this.
template <typename Self, template <typename> class Answer, typename Family>
class CallBase {
 protected:
  template <typename T>
  Answer<T> Send(CallKind kind, const Words& words, const CallOptions& options) {
    return static_cast<Self*>(this)->template Run<T>(kind, words, options);
  }
  template <typename T>
  Answer<T> Read(const Words& words, const CallOptions& options) {
    return Send<T>(CallKind::kRead, words, options);
  }
  template <typename T>
  Answer<T> Write(const Words& words, const CallOptions& options) {
    return Send<T>(CallKind::kWrite, words, options);
  }
  template <typename T>
  Answer<T> Block(const Words& words, const CallOptions& options) {
    return Send<T>(CallKind::kBlocking, words, options);
  }
};

}  // namespace mydis

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

// What a program says that a command is. It saves a session a look: a command is carried out as
// what it is, whatever was said of it.
enum class CallKind : uint8_t {
  kAny,       // Not said.
  kRead,      // Changes nothing: an instance of this process answers it in the caller's thread.
  kWrite,     // Is carried out once, whatever fails on the way.
  kBlocking,  // A write that may wait for a key: it has a connection of its own meanwhile.
  // The same, of typed calls: their words are the library's, which takes them for what they are.
  kTypedRead,
  kTypedWrite,
  kTypedBlocking,
};

// Names and their values, in the order in which the server has them.
using Fields = std::vector<std::pair<std::string, std::string>>;

// A step of a SCAN and its kind: scan.h goes all the way.
struct ScanOptions {
  std::string_view match = {};  // A pattern; empty: everything.
  int64_t count = 0;            // About how many a step looks at; 0: as the server likes.
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
    return Send<T>(CallKind::kTypedRead, words, options);
  }
  template <typename T>
  Answer<T> Write(const Words& words, const CallOptions& options) {
    return Send<T>(CallKind::kTypedWrite, words, options);
  }
  template <typename T>
  Answer<T> Block(const Words& words, const CallOptions& options) {
    return Send<T>(CallKind::kTypedBlocking, words, options);
  }
};

}  // namespace mydis

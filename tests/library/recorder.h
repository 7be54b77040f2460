// A Self for the typed calls that sends nothing: it remembers the words, and what was asked for.
#pragma once

#include <set>
#include <string>
#include <utility>

#include "mydis/calls.h"
#include "mydis/status.h"

namespace mydis {

class Recorder : public Calls<Recorder, Result> {
 public:
  struct Sent {
    std::string words;  // Spaces between them; an empty word is "".
    CallKind kind = CallKind::kAny;
    bool operator<(const Sent& other) const { return words < other.words; }
  };

  template <typename T>
  Result<T> Run(CallKind kind, const Words& words, const CallOptions& options) {
    last_ = {Join(words), kind};
    last_options_ = options;
    all_.insert(last_);
    return detail::Decode<T>(std::exchange(answer_, Value()));
  }

  // What the next call is answered with, in place of null.
  void Answer(Value answer) { answer_ = std::move(answer); }
  const Sent& last() const { return last_; }
  const CallOptions& last_options() const { return last_options_; }
  const std::set<Sent>& all() const { return all_; }

 private:
  static std::string Join(const Words& words) {
    std::string joined;
    for (const std::string_view word : words.views()) {
      if (!joined.empty()) joined += ' ';
      joined += word.empty() ? std::string_view("\"\"") : word;
    }
    return joined;
  }

  Sent last_;
  CallOptions last_options_;
  std::set<Sent> all_;
  Value answer_;
};

}  // namespace mydis

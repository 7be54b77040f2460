// Lua's patterns. Our own matcher, since Lua's takes exponential time and unbounded stack inside
// one VM instruction: every step here counts against the script's budget.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "script/lua.h"

namespace mydis {

// One match at a time; used on the stack of a library function.
class PatternMatcher {
 public:
  PatternMatcher(lua_State* L, std::string_view subject, std::string_view pattern)
      : L_(L),
        begin_(subject.data()),
        end_(subject.data() + subject.size()),
        pattern_(pattern.data()),
        pattern_end_(pattern.data() + pattern.size()) {}
  ~PatternMatcher() = default;

  // Matches at exactly `at`: the end of the match, or nullptr.
  const char* Match(const char* at);
  // Charges what the steps since the last call cost.
  void Settle();
  // Pushes all captures of the last match; the whole match (if `from` is given) when there are
  // none. Gives how many were pushed.
  int PushCaptures(const char* from, const char* to);
  // Pushes capture `i`, or the whole match for 0 when there are none.
  void PushCapture(int i, const char* from, const char* to);
  int captures() const { return level_; }

 private:
  static constexpr int kMaxCaptures = LUA_MAXCAPTURES;
  static constexpr int kMaxDepth = 200;
  static constexpr ptrdiff_t kUnfinished = -1;
  static constexpr ptrdiff_t kPosition = -2;

  struct Capture {
    const char* begin;
    ptrdiff_t size;
  };

  // Each of these matches from `s` with the pattern from `p` on: the end of the match or nullptr.
  const char* Try(const char* s, const char* p);
  const char* TryItems(const char* s, const char* p);
  const char* Most(const char* s, const char* p, const char* item_end);
  const char* Fewest(const char* s, const char* p, const char* item_end);
  const char* Open(const char* s, const char* p, ptrdiff_t what);
  const char* Close(const char* s, const char* p);
  // These match one item: where it ends in the subject or nullptr.
  const char* Balanced(const char* s, const char* p);
  const char* Back(const char* s, int mark);
  bool Single(const char* s, const char* p, const char* item_end) const;
  bool Set(int c, const char* p, const char* last) const;
  bool Frontier(const char* s, const char* p, const char* set_end) const;
  const char* ItemEnd(const char* p) const;
  int CheckedCapture(int mark) const;
  void Step() {
    if (++steps_ >= kStepsPerCharge) Settle();
  }

  static constexpr uint32_t kStepsPerCharge = 4096;
  lua_State* L_;
  const char* begin_;
  const char* end_;
  const char* pattern_;
  const char* pattern_end_;
  uint32_t steps_ = 0;
  int depth_ = 0;
  int level_ = 0;
  Capture captures_[kMaxCaptures];
};

}  // namespace mydis

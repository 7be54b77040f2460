// The words of a command, as views of what the caller has. Standard library only.
#pragma once

#include <array>
#include <charconv>
#include <concepts>
#include <cstdint>
#include <forward_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "mydis/lists.h"

namespace mydis {

namespace detail {

// What Words is made of. The library is given Words: these members stay as they are.
class WordsBase {
 public:
  WordsBase() = default;
  WordsBase(const WordsBase&) = delete;
  WordsBase& operator=(const WordsBase&) = delete;

  std::span<const std::string_view> views() const {
    return size_ <= kInline ? std::span<const std::string_view>(inline_.data(), size_)
                            : std::span<const std::string_view>(more_);
  }
  size_t size() const { return size_; }

 protected:
  void Reserve(size_t count) {
    if (count > kInline) more_.reserve(count);
  }
  void Put(std::string_view word) {
    if (size_ < kInline) {
      inline_[size_] = word;
    } else {
      if (size_ == kInline) more_.assign(inline_.begin(), inline_.end());
      more_.push_back(word);
    }
    ++size_;
  }

  static constexpr size_t kInline = 8;

  size_t size_ = 0;
  std::array<std::string_view, kInline> inline_;
  std::vector<std::string_view> more_;   // All of them, once they are more than kInline.
  std::forward_list<std::string> kept_;  // Whose addresses stay; takes no memory while empty.
};

}  // namespace detail

// Valid as long as what was added is. Numbers are written out, and kept here.
class Words : public detail::Braced<detail::WordsBase, std::string_view> {
 public:
  using Braced::Braced;
  Words() = default;
  template <typename... More>
  requires detail::BeyondBraced<std::string_view, More...> Words(const More&... words) {
    Reserve(sizeof...(words));
    (Put(words), ...);
  }
  // From whatever a range of strings is.
  explicit Words(std::span<const std::string_view> words) { Add(words); }
  explicit Words(std::span<const std::string> words) { Add(words); }

  Words& Add(std::string_view word) {
    Put(word);
    return *this;
  }
  Words& Add(const char* word) { return Add(std::string_view(word)); }
  Words& Add(const std::string& word) { return Add(std::string_view(word)); }
  Words& Add(std::integral auto number) { return AddNumber(static_cast<int64_t>(number)); }
  Words& Add(double number) { return AddNumber(number); }
  template <typename Word>
  Words& Add(std::span<const Word> words) {
    for (const Word& word : words) Add(word);
    return *this;
  }
  Words& Add(const Strings& words) { return Add(words.views()); }
  Words& Add(const StringPairs& pairs) {
    for (const auto& [name, value] : pairs.views()) Add(name).Add(value);
    return *this;
  }
  // A word that is nowhere else: it is kept here.
  Words& AddKept(std::string word) {
    return Add(std::string_view(kept_.emplace_front(std::move(word))));
  }
  template <typename... More>
  Words& AddIf(bool condition, const More&... words) {
    return condition ? Add(words...) : *this;
  }
  // Any number of them.
  template <typename First, typename Second, typename... More>
  Words& Add(const First& first, const Second& second, const More&... more) {
    return Add(first).Add(second, more...);
  }

 private:
  template <typename Number>
  Words& AddNumber(Number number) {
    char digits[32];  // The shortest text that reads back as the same double has 24.
    const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
    return AddKept(std::string(digits, end));
  }
};

}  // namespace mydis

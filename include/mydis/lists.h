// Lists as calls take them: one thing, a braced list or a range of one's own. They are views, made
// for the call: what they view must outlive it, not more. Standard library only.
#pragma once

#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mydis {

// Keys, members, fields …: `Del("k")`, `Del({"k", "l"})`, `Del(keys)` with any range of strings.
class Strings {
 public:
  template <std::convertible_to<std::string_view> One>
  Strings(const One& one) : one_(one), views_(&one_, 1) {}
  Strings(std::initializer_list<std::string_view> list) : views_(list.begin(), list.size()) {}
  template <std::ranges::input_range Range>
  requires(!std::convertible_to<Range, std::string_view> &&
           std::convertible_to<std::ranges::range_reference_t<const Range>, std::string_view>)
      Strings(const Range& range) {
    if constexpr (std::ranges::contiguous_range<const Range> &&
                  std::same_as<std::ranges::range_value_t<Range>, std::string_view>) {
      views_ =
          std::span<const std::string_view>(std::ranges::data(range), std::ranges::size(range));
    } else {
      for (const auto& word : range) kept_.emplace_back(word);
      views_ = kept_;
    }
  }
  Strings(const Strings&) = delete;
  Strings& operator=(const Strings&) = delete;

  std::span<const std::string_view> views() const { return views_; }
  size_t size() const { return views_.size(); }
  bool empty() const { return views_.empty(); }

 private:
  std::string_view one_;
  std::vector<std::string_view> kept_;
  std::span<const std::string_view> views_;
};

// Names and their values: `MSet({{"k", "v"}, {"l", "w"}})`, or a range of pairs, such as a map.
class StringPairs {
 public:
  using Pair = std::pair<std::string_view, std::string_view>;

  StringPairs(std::initializer_list<Pair> list) : views_(list.begin(), list.size()) {}
  template <std::ranges::input_range Range>
  requires std::convertible_to<std::ranges::range_reference_t<const Range>, Pair> StringPairs(
      const Range& range) {
    for (const auto& [name, value] : range) kept_.emplace_back(name, value);
    views_ = kept_;
  }
  StringPairs(const StringPairs&) = delete;
  StringPairs& operator=(const StringPairs&) = delete;

  std::span<const Pair> views() const { return views_; }
  size_t size() const { return views_.size(); }

 private:
  std::vector<Pair> kept_;
  std::span<const Pair> views_;
};

// Any number of T: a braced list or a contiguous range, such as a vector.
template <typename T>
class ListOf {
 public:
  ListOf(std::initializer_list<T> list) : views_(list.begin(), list.size()) {}
  ListOf(std::span<const T> list) : views_(list) {}
  ListOf(const std::vector<T>& list) : views_(list) {}

  auto begin() const { return views_.begin(); }
  auto end() const { return views_.end(); }
  size_t size() const { return views_.size(); }

 private:
  std::span<const T> views_;
};

}  // namespace mydis

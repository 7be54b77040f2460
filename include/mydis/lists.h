// Lists as calls take them: one thing, a braced list or a range of one's own. They are views, made
// for the call: what they view must outlive it, not more. What a range makes as it goes, such as
// the strings of a std::views::transform, is kept here. Standard library only.
#pragma once

#include <concepts>
#include <cstddef>
#include <forward_list>
#include <initializer_list>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace mydis {
namespace detail {

// Whether a view of what a range gives, of type `Given`, is good as long as the range is: it is
// somewhere else already, and not in the iterator, which steps on.
template <typename Range, typename Given>
concept StaysThere = std::same_as<std::remove_cvref_t<Given>, std::string_view> ||
    std::is_pointer_v<std::remove_cvref_t<Given>> ||
    (std::is_lvalue_reference_v<Given>&& std::ranges::forward_range<const Range>);

// Strings that are nowhere else: their addresses stay, and it takes no memory while there are none.
using KeptStrings = std::forward_list<std::string>;

template <bool stays>
std::string_view ViewOf(std::string_view word, KeptStrings& kept) {
  if constexpr (stays) {
    return word;
  } else {
    return kept.emplace_front(word);
  }
}

// Of one half of what a range of pairs gives: within a pair that stays, or of its own.
template <typename Range, typename Pair, size_t half>
constexpr bool HalfStays() {
  if constexpr (StaysThere<Range, Pair>) {
    return true;
  } else if constexpr (requires { std::tuple_size<std::remove_cvref_t<Pair>>::value; }) {
    return StaysThere<Range, std::tuple_element_t<half, std::remove_cvref_t<Pair>>>;
  } else {
    return false;
  }
}

}  // namespace detail

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
      constexpr bool kStays =
          detail::StaysThere<Range, std::ranges::range_reference_t<const Range>>;
      for (const auto& word : range) all_.push_back(detail::ViewOf<kStays>(word, kept_));
      views_ = all_;
    }
  }
  Strings(const Strings&) = delete;
  Strings& operator=(const Strings&) = delete;

  std::span<const std::string_view> views() const { return views_; }
  size_t size() const { return views_.size(); }
  bool empty() const { return views_.empty(); }

 private:
  std::string_view one_;
  std::vector<std::string_view> all_;
  detail::KeptStrings kept_;
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
    using Given = std::ranges::range_reference_t<const Range>;
    for (const auto& [name, value] : range) {
      all_.emplace_back(detail::ViewOf<detail::HalfStays<Range, Given, 0>()>(name, kept_),
                        detail::ViewOf<detail::HalfStays<Range, Given, 1>()>(value, kept_));
    }
    views_ = all_;
  }
  StringPairs(const StringPairs&) = delete;
  StringPairs& operator=(const StringPairs&) = delete;

  std::span<const Pair> views() const { return views_; }
  size_t size() const { return views_.size(); }

 private:
  std::vector<Pair> all_;
  detail::KeptStrings kept_;
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

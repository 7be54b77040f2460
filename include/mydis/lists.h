// Lists as calls take them: one thing, a braced list or a range of one's own. They are views, made
// for the call: what they view must outlive it, not more. What a range makes as it goes, such as
// the strings of a std::views::transform, is kept here. Standard library only.
//
// What may be braced has constructors of one, two, three … things, not of a
// std::initializer_list: GCC 12 ("array used as initializer") compiles no such list within a
// co_await expression, since it is a temporary array. Beyond kMostBraced things a list is of things
// that say their type: `{mydis::ScoredMemberView{"a", 1}, …}`, or an array of one's own.
#pragma once

#include <concepts>
#include <cstddef>
#include <forward_list>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace mydis {

inline constexpr size_t kMostBraced = 32;

namespace detail {

template <typename Item, size_t>
using Nth = Item;

// `Base`, made of up to `most` items, each of which may be braced itself. Base has Reserve, of how
// many there will be, and Put, of one.
template <typename Base, typename Item, size_t most = kMostBraced,
          typename Indices = std::make_index_sequence<most>>
class Braced;

template <typename Base, typename Item>
class Braced<Base, Item, 0, std::index_sequence<>> : public Base {};

template <typename Base, typename Item, size_t most, size_t... index>
class Braced<Base, Item, most, std::index_sequence<index...>>
    : public Braced<Base, Item, most - 1> {
 public:
  using Braced<Base, Item, most - 1>::Braced;
  Braced() = default;
  Braced(Nth<Item, index>... items) {
    this->Reserve(most);
    (this->Put(items), ...);
  }
};

// More of them, each of which is one as it stands.
template <typename Item, typename... Given>
concept BeyondBraced = (sizeof...(Given) > kMostBraced) &&
                       (std::convertible_to<const Given&, Item> && ...);

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

// What the lists below are made of.
class StringsBase {
 public:
  StringsBase() = default;
  StringsBase(const StringsBase&) = delete;
  StringsBase& operator=(const StringsBase&) = delete;

  std::span<const std::string_view> views() const { return views_; }
  size_t size() const { return views_.size(); }
  bool empty() const { return views_.empty(); }

 protected:
  void Reserve(size_t count) {
    if (count > kInline) all_.reserve(count);
    views_ = count > kInline ? std::span<const std::string_view>(all_.data(), 0)
                             : std::span<const std::string_view>(inline_, 0);
  }
  // REQUIRES: no more of them than what was reserved.
  void Put(std::string_view word) {
    if (views_.data() == inline_) {
      inline_[views_.size()] = word;
    } else {
      all_.push_back(word);
    }
    views_ = std::span(views_.data(), views_.size() + 1);
  }

  static constexpr size_t kInline = 4;

  std::string_view inline_[kInline];
  std::vector<std::string_view> all_;
  KeptStrings kept_;
  std::span<const std::string_view> views_;
};

}  // namespace detail

// Keys, members, fields …: `Del("k")`, `Del({"k", "l"})`, `Del(keys)` with any range of strings.
class Strings : public detail::Braced<detail::StringsBase, std::string_view> {
 public:
  using Braced::Braced;
  Strings() = default;
  template <std::convertible_to<std::string_view> One>
  Strings(const One& one) {
    Reserve(1);
    Put(one);
  }
  template <typename... Words>
  requires detail::BeyondBraced<std::string_view, Words...> Strings(const Words&... words) {
    Reserve(sizeof...(words));
    (Put(words), ...);
  }
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
};

namespace detail {

class StringPairsBase {
 public:
  using Pair = std::pair<std::string_view, std::string_view>;

  StringPairsBase() = default;
  StringPairsBase(const StringPairsBase&) = delete;
  StringPairsBase& operator=(const StringPairsBase&) = delete;

  std::span<const Pair> views() const { return all_; }
  size_t size() const { return all_.size(); }

 protected:
  void Reserve(size_t count) { all_.reserve(count); }
  void Put(const Pair& pair) { all_.push_back(pair); }

  std::vector<Pair> all_;
  KeptStrings kept_;
};

}  // namespace detail

// Names and their values: `MSet({{"k", "v"}, {"l", "w"}})`, or a range of pairs, such as a map.
class StringPairs
    : public detail::Braced<detail::StringPairsBase, const detail::StringPairsBase::Pair&> {
 public:
  using Braced::Braced;
  StringPairs() = default;
  template <typename... Pairs>
  requires detail::BeyondBraced<Pair, Pairs...> StringPairs(const Pairs&... pairs) {
    Reserve(sizeof...(pairs));
    (Put(pairs), ...);
  }
  template <std::ranges::input_range Range>
  requires std::convertible_to<std::ranges::range_reference_t<const Range>, Pair> StringPairs(
      const Range& range) {
    using Given = std::ranges::range_reference_t<const Range>;
    for (const auto& [name, value] : range) {
      all_.emplace_back(detail::ViewOf<detail::HalfStays<Range, Given, 0>()>(name, kept_),
                        detail::ViewOf<detail::HalfStays<Range, Given, 1>()>(value, kept_));
    }
  }
};

namespace detail {

template <typename T>
class ListBase {
 public:
  ListBase() = default;
  ListBase(const ListBase&) = delete;
  ListBase& operator=(const ListBase&) = delete;

  auto begin() const { return views_.begin(); }
  auto end() const { return views_.end(); }
  size_t size() const { return views_.size(); }

 protected:
  void Reserve(size_t count) { all_.reserve(count); }
  void Put(const T& item) {
    all_.push_back(item);
    views_ = all_;
  }

  std::vector<T> all_;
  std::span<const T> views_;
};

}  // namespace detail

// Any number of T: a braced list or a contiguous range, such as a vector. T owns nothing: of what
// is braced within a co_await expression GCC 12 moves plain structs bit by bit.
template <typename T>
requires std::is_trivially_destructible_v<T>
class ListOf : public detail::Braced<detail::ListBase<T>, const T&> {
 public:
  using detail::Braced<detail::ListBase<T>, const T&>::Braced;
  ListOf() = default;
  template <typename... Items>
  requires detail::BeyondBraced<T, Items...> ListOf(const Items&... items) {
    this->Reserve(sizeof...(items));
    (this->Put(items), ...);
  }
  template <std::ranges::contiguous_range Range>
  requires std::convertible_to<std::ranges::range_reference_t<const Range>, T> ListOf(
      const Range& range) {
    if constexpr (std::same_as<std::ranges::range_value_t<Range>, T>) {
      this->views_ = range;
    } else {
      this->all_.assign(std::ranges::begin(range), std::ranges::end(range));
      this->views_ = this->all_;
    }
  }
};

}  // namespace mydis

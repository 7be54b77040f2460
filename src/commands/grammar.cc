#include "commands/grammar.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/ascii.h"

namespace mydis {
namespace {

using Type = Argument::Type;

constexpr std::string_view kTypeNames[] = {"string",    "integer",    "double", "key",  "pattern",
                                           "unix-time", "pure-token", "oneof",  "block"};
constexpr size_t kPlainTypes = 6;  // Those that a word can name.

constexpr std::pair<std::string_view, Type> kKnownNames[] = {
    {"key", Type::kKey},
    {"newkey", Type::kKey},
    {"source", Type::kKey},
    {"destination", Type::kKey},
    {"pattern", Type::kPattern},
    {"unix-time-seconds", Type::kUnixTime},
    {"unix-time-milliseconds", Type::kUnixTime},
    {"seconds", Type::kInteger},
    {"milliseconds", Type::kInteger},
    {"count", Type::kInteger},
    {"cursor", Type::kInteger},
    {"numkeys", Type::kInteger},
    {"offset", Type::kInteger},
    {"start", Type::kInteger},
    {"stop", Type::kInteger},
    {"end", Type::kInteger},
    {"index", Type::kInteger},
};

Type KnownType(std::string_view name) {
  for (const auto& [known, type] : kKnownNames) {
    if (known == name) return type;
  }
  return Type::kString;
}

// --- Words ---

struct Lexeme {
  enum class Kind : uint8_t { kOpen, kClose, kBar, kWord, kEnd };
  Kind kind = Kind::kEnd;
  std::string text;  // The bracket, the word, or what stands behind a closing bracket.
};

bool EndsWord(char c) { return std::string_view(" []<>|").find(c) != std::string_view::npos; }

std::vector<Lexeme> Split(std::string_view grammar) {
  std::vector<Lexeme> lexemes;
  const auto take_word = [&](size_t& at) {
    std::string word;
    bool quoted = false;
    for (; at < grammar.size() && (quoted || !EndsWord(grammar[at])); ++at) {
      if (grammar[at] == '\'') quoted = !quoted;
      word += grammar[at];
    }
    return word;
  };
  for (size_t at = 0; at < grammar.size();) {
    const char c = grammar[at];
    if (c == ' ') {
      ++at;
    } else if (c == '[' || c == '<') {
      lexemes.push_back({Lexeme::Kind::kOpen, std::string(1, c)});
      ++at;
    } else if (c == ']' || c == '>') {
      std::string text(1, c);
      ++at;
      if (at < grammar.size() && grammar[at] == '@') text += take_word(at);
      lexemes.push_back({Lexeme::Kind::kClose, std::move(text)});
    } else if (c == '|') {
      lexemes.push_back({Lexeme::Kind::kBar, "|"});
      ++at;
    } else {
      lexemes.push_back({Lexeme::Kind::kWord, take_word(at)});
    }
  }
  lexemes.push_back({});
  return lexemes;
}

// --- Items: words and groups before tokens have found their values ---

struct Item {
  enum class Kind : uint8_t { kToken, kValue, kGroup };
  Kind kind;
  Argument argument;
};

bool IsToken(std::string_view word) {
  return !word.empty() && std::ranges::none_of(word, [](char c) { return c >= 'a' && c <= 'z'; });
}

// Cuts everything from the last `mark` on off `word` and returns what stood behind it.
std::string CutBehind(std::string& word, char mark) {
  const size_t at = word.rfind(mark);
  if (at == std::string::npos || at == 0) return {};
  std::string behind = word.substr(at + 1);
  word.resize(at);
  return behind;
}

Item MakeToken(std::string token, std::string name, Argument argument) {
  if (token.size() >= 2 && token.front() == '\'') token = token.substr(1, token.size() - 2);
  argument.type = Type::kPureToken;
  argument.name = name.empty() ? ToLower(token) : std::move(name);
  argument.token = std::move(token);
  return {Item::Kind::kToken, std::move(argument)};
}

Item MakeItem(std::string word) {
  Argument argument;
  argument.since = CutBehind(word, '@');
  if (word.front() != '\'') argument.shown = CutBehind(word, '/');
  if (word.front() == '\'') return MakeToken(word, {}, std::move(argument));
  const size_t colon = word.find(':');
  if (colon == std::string::npos || colon == 0) {
    if (IsToken(word)) return MakeToken(word, {}, std::move(argument));
    argument.type = KnownType(word);
    argument.name = std::move(word);
    return {Item::Kind::kValue, std::move(argument)};
  }
  std::string type = word.substr(colon + 1);
  word.resize(colon);
  const std::string spec = CutBehind(type, '#');
  const auto* const end = kTypeNames + kPlainTypes;
  const auto* const found = std::find(kTypeNames, end, type);
  if (found == end) return MakeToken(type, word, std::move(argument));
  argument.type = static_cast<Type>(found - kTypeNames);
  argument.name = std::move(word);
  if (!spec.empty()) argument.key_spec = spec[0] - '0';
  return {Item::Kind::kValue, std::move(argument)};
}

std::string JoinedNames(const std::vector<Argument>& arguments) {
  std::string names;
  for (const Argument& argument : arguments) {
    names += (names.empty() ? "" : "-") + argument.name;
  }
  return names;
}

Argument MakeNested(Type type, std::vector<Argument> arguments) {
  Argument nested;
  nested.type = type;
  nested.name = JoinedNames(arguments);
  nested.arguments = std::move(arguments);
  return nested;
}

// Gives tokens to their values. `in_group`: a first token with two values names the whole group.
std::vector<Argument> Combine(std::vector<Item> items, bool in_group) {
  std::vector<Argument> arguments;
  for (size_t i = 0; i < items.size(); ++i) {
    Argument& argument = items[i].argument;
    if (items[i].kind != Item::Kind::kToken || i + 1 == items.size()) {
      arguments.push_back(std::move(argument));
      continue;
    }
    const auto is_value = [&](size_t at) {
      return at < items.size() && items[at].kind == Item::Kind::kValue;
    };
    if (in_group && i == 0 && is_value(1) && is_value(2)) {
      std::vector<Item> rest(std::make_move_iterator(items.begin() + 1),
                             std::make_move_iterator(items.end()));
      Argument block = MakeNested(Type::kBlock, Combine(std::move(rest), false));
      block.name = argument.name;
      block.token = argument.token;
      block.since = argument.since;
      return {std::move(block)};
    }
    Argument& next = items[i + 1].argument;
    const bool takes = is_value(i + 1) || (items[i + 1].kind == Item::Kind::kGroup &&
                                           !next.optional && next.token.empty());
    if (!takes) {
      arguments.push_back(std::move(argument));
      continue;
    }
    next.token = argument.token;
    if (next.since.empty()) next.since = argument.since;
    arguments.push_back(std::move(next));
    ++i;
  }
  return arguments;
}

Argument CombineToOne(std::vector<Item> items) {
  std::vector<Argument> arguments = Combine(std::move(items), true);
  if (arguments.size() == 1) return std::move(arguments[0]);
  return MakeNested(Type::kBlock, std::move(arguments));
}

// --- Parser ---

class Parser {
 public:
  explicit Parser(std::string_view grammar) : lexemes_(Split(grammar)) {}

  Result<std::vector<Argument>> Parse() {
    std::vector<Item> items = Alternative();
    if (error_.empty() && Peek().kind != Lexeme::Kind::kEnd) {
      Wrong(fmt::format("'{}' stands outside of brackets", Peek().text));
    }
    if (!error_.empty()) return Fail(ErrorCode::kInvalid, error_);
    return Combine(std::move(items), false);
  }

 private:
  using Kind = Lexeme::Kind;

  const Lexeme& Peek() const { return lexemes_[next_]; }
  Lexeme Take() { return lexemes_[Peek().kind == Kind::kEnd ? next_ : next_++]; }
  void Wrong(std::string message) {
    if (error_.empty()) error_ = std::move(message);
  }

  std::vector<Item> Alternative() {
    std::vector<Item> items;
    while (error_.empty()) {
      if (Peek().kind == Kind::kWord) {
        items.push_back(MakeItem(Take().text));
      } else if (Peek().kind == Kind::kOpen) {
        if (IsRepeat()) {
          Repeat(items);
        } else {
          items.push_back({Item::Kind::kGroup, Group()});
        }
      } else {
        break;
      }
    }
    return items;
  }

  Argument Group() {
    const bool optional = Take().text == "[";
    const std::string name = GroupName();
    std::vector<Argument> alternatives;
    do {
      std::vector<Item> items = Alternative();
      if (items.empty()) Wrong("an alternative has no words");
      if (!error_.empty()) return {};
      alternatives.push_back(CombineToOne(std::move(items)));
    } while (Peek().kind == Kind::kBar && (Take(), true));
    const Lexeme close = Take();
    if (close.kind != Kind::kClose || (close.text[0] == ']') != optional) {
      Wrong("a bracket is not closed");
    }
    Argument group = alternatives.size() == 1 ? std::move(alternatives[0])
                                              : MakeNested(Type::kOneOf, std::move(alternatives));
    if (!name.empty()) group.name = name;
    if (close.text.size() > 2) group.since = close.text.substr(2);
    if (optional) group.optional = true;
    return group;
  }

  // "name:" behind an opening bracket.
  std::string GroupName() {
    if (Peek().kind != Kind::kWord || !Peek().text.ends_with(':')) return {};
    std::string name = Take().text;
    name.pop_back();
    return name;
  }

  // Whether the bracket that opens here holds nothing but what may be repeated.
  bool IsRepeat() const {
    size_t depth = 0;
    for (size_t i = next_; lexemes_[i].kind != Kind::kEnd; ++i) {
      if (lexemes_[i].kind == Kind::kOpen) ++depth;
      if (lexemes_[i].kind == Kind::kClose && --depth == 0) return lexemes_[i - 1].text == "...";
    }
    return false;
  }

  void Repeat(std::vector<Item>& items) {
    Take();
    const std::string name = GroupName();
    std::vector<Item> echo = Alternative();
    if (Take().kind != Kind::kClose) Wrong("what repeats has alternatives");
    if (echo.empty()) return;  // IsRepeat saw the dots.
    echo.pop_back();           // The dots.
    const size_t count = std::max<size_t>(echo.size(), 1);
    if (count > items.size()) return Wrong("more is repeated than stands before");
    const size_t first = items.size() - count;
    for (size_t i = 0; i < echo.size(); ++i) {
      if (echo[i].argument.name != items[first + i].argument.name) {
        return Wrong(fmt::format("'{}' repeats something else", echo[i].argument.name));
      }
    }
    Item repeated = std::move(items.back());
    if (count > 1) {
      std::vector<Item> block(std::make_move_iterator(items.begin() + static_cast<long>(first)),
                              std::make_move_iterator(items.end() - 1));
      block.push_back(std::move(repeated));
      repeated = {Item::Kind::kGroup, CombineToOne(std::move(block))};
    }
    items.resize(first);
    repeated.argument.multiple = true;
    repeated.argument.multiple_token = count > 1 && !repeated.argument.token.empty();
    if (!name.empty()) repeated.argument.name = name;
    items.push_back(std::move(repeated));
  }

  std::vector<Lexeme> lexemes_;
  size_t next_ = 0;
  std::string error_;
};

void NumberKeys(std::vector<Argument>& arguments, size_t key_specs, int& next) {
  for (Argument& argument : arguments) {
    if (argument.type == Type::kKey && argument.key_spec < 0 && key_specs > 0) {
      argument.key_spec = std::min(next++, static_cast<int>(key_specs) - 1);
    }
    NumberKeys(argument.arguments, key_specs, next);
  }
}

// --- Rendering ---

std::string Render(const Argument& argument);

std::string RenderInside(const Argument& argument) {
  std::string text;
  if (argument.type == Type::kOneOf) {
    for (const Argument& alternative : argument.arguments) {
      text += (text.empty() ? "" : " | ") + Render(alternative);
    }
    return text;
  }
  if (argument.type == Type::kBlock) return RenderArguments(argument.arguments);
  if (argument.type == Type::kPureToken) return argument.token;
  return argument.shown.empty() ? argument.name : argument.shown;
}

std::string Render(const Argument& argument) {
  std::string value = RenderInside(argument);
  const bool has_token = !argument.token.empty() && argument.type != Type::kPureToken;
  const bool bare_choice =
      argument.type == Type::kOneOf && (has_token || !argument.optional || argument.multiple);
  if (bare_choice) value = "<" + value + ">";
  const std::string with_token = has_token ? argument.token + " " + value : value;
  std::string text = with_token;
  if (argument.multiple) {
    text += " [" + (argument.multiple_token ? with_token : value) + " ...]";
  }
  return argument.optional ? "[" + text + "]" : text;
}

}  // namespace

Result<std::vector<Argument>> ParseGrammar(std::string_view grammar, size_t key_specs) {
  auto arguments = Parser(grammar).Parse();
  if (!arguments) return arguments;
  int next = 0;
  NumberKeys(*arguments, key_specs, next);
  return arguments;
}

std::string RenderArguments(const std::vector<Argument>& arguments) {
  std::string text;
  for (const Argument& argument : arguments) text += (text.empty() ? "" : " ") + Render(argument);
  return text;
}

std::string_view ArgumentTypeName(Argument::Type type) {
  return kTypeNames[static_cast<size_t>(type)];
}

}  // namespace mydis

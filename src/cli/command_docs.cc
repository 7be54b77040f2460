#include "cli/command_docs.h"

#include <fmt/core.h>

#include <algorithm>
#include <cctype>

namespace mydis {
namespace {

std::string Upper(std::string_view text) {
  std::string upper(text);
  for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return upper;
}

// The value of a field in a map, or in the flat array that RESP2 sends for one.
const RespValue* Field(const RespValue& map, std::string_view name) {
  for (size_t i = 0; i + 1 < map.elements.size(); i += 2) {
    if (map.elements[i].text == name) return &map.elements[i + 1];
  }
  return nullptr;
}

std::string TextField(const RespValue& map, std::string_view name) {
  const RespValue* field = Field(map, name);
  return field == nullptr ? std::string() : field->text;
}

bool HasFlag(const RespValue& argument, std::string_view flag) {
  const RespValue* flags = Field(argument, "flags");
  return flags != nullptr && std::any_of(flags->elements.begin(), flags->elements.end(),
                                         [&](const RespValue& f) { return f.text == flag; });
}

std::string ArgumentSyntax(const RespValue& argument);

std::string JoinArguments(const RespValue* arguments, std::string_view separator) {
  std::string all;
  if (arguments == nullptr) return all;
  for (const RespValue& argument : arguments->elements) {
    if (!all.empty()) all += separator;
    all += ArgumentSyntax(argument);
  }
  return all;
}

// An argument's value without what its flags add.
std::string ArgumentBody(const RespValue& argument) {
  const std::string type = TextField(argument, "type");
  if (type == "oneof") return JoinArguments(Field(argument, "arguments"), " | ");
  if (type == "block") return JoinArguments(Field(argument, "arguments"), " ");
  if (type == "pure-token") return {};
  const std::string shown = TextField(argument, "display_text");
  return shown.empty() ? TextField(argument, "name") : shown;
}

std::string ArgumentSyntax(const RespValue& argument) {
  const std::string token = TextField(argument, "token");
  const bool optional = HasFlag(argument, "optional");
  std::string body = ArgumentBody(argument);
  if (HasFlag(argument, "multiple")) {
    const std::string again = HasFlag(argument, "multiple_token") ? token + " " + body : body;
    body += fmt::format(" [{} ...]", again);
  }
  if (!token.empty()) {
    const bool alternatives = TextField(argument, "type") == "oneof";
    body = body.empty() ? token
                        : fmt::format("{} {}{}{}", token == "\"\"" ? "" : token,
                                      alternatives ? "<" : "", body, alternatives ? ">" : "");
  } else if (TextField(argument, "type") == "oneof" && !optional) {
    body = "<" + body + ">";
  }
  return optional ? "[" + body + "]" : body;
}

bool IsOneWord(const RespValue& argument) {
  const std::string type = TextField(argument, "type");
  return type != "block" && !HasFlag(argument, "optional") && !HasFlag(argument, "multiple") &&
         (TextField(argument, "token").empty() || type == "pure-token");
}

std::vector<std::string_view> Words(std::string_view text) {
  std::vector<std::string_view> words;
  for (size_t i = 0; i < text.size();) {
    const size_t begin = text.find_first_not_of(' ', i);
    if (begin == std::string_view::npos) break;
    i = std::min(text.find(' ', begin), text.size());
    words.push_back(text.substr(begin, i - begin));
  }
  return words;
}

}  // namespace

std::string CommandDoc::Syntax(size_t first) const {
  std::string all;
  for (size_t i = first; i < arguments.size(); ++i)
    all += (all.empty() ? "" : " ") + arguments[i].syntax;
  return all;
}

CommandDocs::CommandDocs(const RespValue& reply) {
  for (size_t i = 0; i + 1 < reply.elements.size(); i += 2)
    Add(reply.elements[i], reply.elements[i + 1]);
}

void CommandDocs::Add(const RespValue& name, const RespValue& doc) {
  CommandDoc entry{TextField(doc, "summary"),
                   TextField(doc, "since"),
                   TextField(doc, "group"),
                   TextField(doc, "complexity"),
                   {}};
  if (const RespValue* arguments = Field(doc, "arguments")) {
    for (const RespValue& argument : arguments->elements)
      entry.arguments.push_back({ArgumentSyntax(argument), IsOneWord(argument)});
  }
  std::string key = Upper(name.text);
  std::replace(key.begin(), key.end(), '|', ' ');
  if (const RespValue* subcommands = Field(doc, "subcommands")) {
    for (size_t i = 0; i + 1 < subcommands->elements.size(); i += 2)
      Add(subcommands->elements[i], subcommands->elements[i + 1]);
  }
  docs_.emplace(std::move(key), std::move(entry));
}

std::pair<const CommandDoc*, size_t> CommandDocs::Find(
    std::span<const std::string_view> words) const {
  for (size_t length = std::min<size_t>(words.size(), 2); length > 0; --length) {
    std::string name = Upper(words[0]);
    if (length == 2) name += " " + Upper(words[1]);
    if (const auto found = docs_.find(name); found != docs_.end()) return {&found->second, length};
  }
  return {nullptr, 0};
}

std::vector<std::string> CommandDocs::Complete(std::string_view text) const {
  const size_t begin = std::min(text.find_first_not_of(' '), text.size());
  const std::string typed(text.substr(begin));
  const std::string wanted = Upper(typed);
  const bool lower =
      std::any_of(typed.begin(), typed.end(), [](unsigned char c) { return std::islower(c); });
  std::vector<std::string> candidates;
  for (auto it = docs_.lower_bound(wanted); it != docs_.end() && it->first.starts_with(wanted);
       ++it) {
    // Subcommands are offered once their command is complete.
    if (it->first.find(' ', wanted.size()) != std::string::npos) continue;
    std::string name = it->first;
    if (lower) {
      for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
    candidates.push_back(std::move(name));
  }
  return candidates;
}

std::string CommandDocs::Hint(std::span<const std::string_view> words) const {
  const auto [doc, name_words] = Find(words);
  if (doc == nullptr) return {};
  size_t first = 0;
  for (size_t typed = words.size() - name_words; typed > 0; --typed) {
    if (first >= doc->arguments.size() || !doc->arguments[first].fixed) break;
    ++first;
  }
  return doc->Syntax(first);
}

std::string CommandDocs::Help(std::span<const std::string_view> topic) const {
  if (docs_.empty()) return "The server tells nothing about its commands (COMMAND DOCS).\n";
  std::string out;
  const bool group = topic.size() == 1 && topic[0].starts_with('@');
  for (const auto& [name, doc] : docs_) {
    if (group) {
      if (doc.group != topic[0].substr(1)) continue;
    } else {
      const std::vector<std::string_view> words = Words(name);
      if (words.size() < topic.size()) continue;
      bool same = true;
      for (size_t i = 0; i < topic.size(); ++i) same = same && Upper(topic[i]) == words[i];
      if (!same) continue;
    }
    const std::string syntax = doc.Syntax();
    out += fmt::format("\n  {}{}{}\n  summary: {}\n", name, syntax.empty() ? "" : " ", syntax,
                       doc.summary);
    if (!group) out += fmt::format("  since: {}\n  group: {}\n", doc.since, doc.group);
  }
  return out.empty() ? "There is no such command or group; Tab completes what there is.\n"
                     : out + "\n";
}

}  // namespace mydis

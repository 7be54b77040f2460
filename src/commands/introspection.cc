#include "commands/introspection.h"

#include <algorithm>

#include "base/ascii.h"
#include "base/assert.h"
#include "base/glob.h"
#include "commands/arg_parser.h"
#include "commands/errors.h"
#include "commands/grammar.h"

namespace mydis {
namespace {

void SendFlags(const std::vector<std::string_view>& names, Reply& reply) {
  reply.SetHeader(names.size());
  for (const std::string_view name : names) reply.Simple(name);
}

std::string SubcommandName(std::string_view container, const CommandSpec& sub) {
  return std::string(container) + "|" + std::string(sub.name);
}

// --- Key specifications ---

void SendUnknown(Reply& reply) {
  reply.MapHeader(2);
  reply.Bulk("type");
  reply.Bulk("unknown");
  reply.Bulk("spec");
  reply.MapHeader(0);
}

void SendNumber(std::string_view name, int64_t value, Reply& reply) {
  reply.Bulk(name);
  reply.Integer(value);
}

// The head of a specification's part: its type, then how many numbers follow.
void SendPart(std::string_view type, size_t fields, Reply& reply) {
  reply.MapHeader(2);
  reply.Bulk("type");
  reply.Bulk(type);
  reply.Bulk("spec");
  reply.MapHeader(fields);
}

void SendKeySpec(const KeySpec& spec, Reply& reply) {
  reply.MapHeader(3);
  reply.Bulk("flags");
  SendFlags(KeyFlagNames(spec.flags), reply);

  reply.Bulk("begin_search");
  switch (spec.begin) {
    case KeySpec::Begin::kIndex:
      SendPart("index", 1, reply);
      SendNumber("index", spec.index, reply);
      break;
    case KeySpec::Begin::kKeyword:
      SendPart("keyword", 2, reply);
      reply.Bulk("keyword");
      reply.Bulk(spec.keyword);
      SendNumber("startfrom", spec.start_from, reply);
      break;
    case KeySpec::Begin::kUnknown:
      SendUnknown(reply);
      break;
  }

  reply.Bulk("find_keys");
  switch (spec.find) {
    case KeySpec::Find::kRange:
      SendPart("range", 3, reply);
      SendNumber("lastkey", spec.last, reply);
      SendNumber("keystep", spec.step, reply);
      SendNumber("limit", spec.limit, reply);
      break;
    case KeySpec::Find::kKeyNum:
      SendPart("keynum", 3, reply);
      SendNumber("keynumidx", spec.count_index, reply);
      SendNumber("firstkey", spec.first_key, reply);
      SendNumber("keystep", spec.step, reply);
      break;
    case KeySpec::Find::kUnknown:
      SendUnknown(reply);
      break;
  }
}

// --- COMMAND DOCS ---

// A map whose pairs are collected first, because its header says how many there are.
class Fields {
 public:
  void Text(std::string_view name, std::string_view text) {
    if (!text.empty()) texts_.push_back({name, text});
  }
  void Send(Reply& reply, size_t more) const {
    reply.MapHeader(texts_.size() + more);
    for (const auto& [name, text] : texts_) {
      reply.Bulk(name);
      reply.Bulk(text);
    }
  }

 private:
  std::vector<std::pair<std::string_view, std::string_view>> texts_;
};

std::vector<std::string_view> ArgumentFlags(const Argument& argument) {
  std::vector<std::string_view> flags;
  if (argument.optional) flags.push_back("optional");
  if (argument.multiple) flags.push_back("multiple");
  if (argument.multiple_token) flags.push_back("multiple_token");
  return flags;
}

void SendArguments(const std::vector<Argument>& arguments, Reply& reply) {
  reply.ArrayHeader(arguments.size());
  for (const Argument& argument : arguments) {
    const bool nested =
        argument.type == Argument::Type::kOneOf || argument.type == Argument::Type::kBlock;
    const auto flags = ArgumentFlags(argument);
    const bool has_key = argument.key_spec >= 0;
    reply.MapHeader(3 + has_key + !argument.token.empty() + !argument.since.empty() +
                    !flags.empty());
    reply.Bulk("name");
    reply.Bulk(argument.name);
    reply.Bulk("type");
    reply.Bulk(ArgumentTypeName(argument.type));
    if (!nested) {
      reply.Bulk("display_text");
      reply.Bulk(argument.shown.empty() ? argument.name : argument.shown);
    }
    if (has_key) SendNumber("key_spec_index", argument.key_spec, reply);
    if (!argument.token.empty()) {
      reply.Bulk("token");
      reply.Bulk(argument.token);
    }
    if (!argument.since.empty()) {
      reply.Bulk("since");
      reply.Bulk(argument.since);
    }
    if (!flags.empty()) {
      reply.Bulk("flags");
      SendFlags(flags, reply);
    }
    if (nested) {
      reply.Bulk("arguments");
      SendArguments(argument.arguments, reply);
    }
  }
}

// "7.0.0: Text|…" as pairs of version and text.
void SendHistory(std::string_view history, Reply& reply) {
  size_t count = 0;
  ForEachPart(history, '|', [&](std::string_view) { ++count; });
  reply.SetHeader(count);
  ForEachPart(history, '|', [&](std::string_view change) {
    const size_t colon = change.find(": ");
    MYDIS_ASSERT(colon != std::string_view::npos, "a change has a version and a text");
    reply.ArrayHeader(2);
    reply.Bulk(change.substr(0, colon));
    reply.Bulk(change.substr(colon + 2));
  });
}

}  // namespace

void ReplyCommandInfo(const CommandSpec* spec, std::string_view full_name, Reply& reply) {
  if (spec == nullptr) {
    reply.Null();
    return;
  }
  const LegacyKeys keys = LegacyKeysOf(*spec);
  reply.ArrayHeader(10);
  reply.Bulk(full_name);
  reply.Integer(spec->arity);
  SendFlags(FlagNames(*spec), reply);
  reply.Integer(keys.first);
  reply.Integer(keys.last);
  reply.Integer(keys.step);

  std::vector<std::string> categories;
  const uint32_t mask = CategoriesOf(*spec);
  for (size_t i = 0; i < CategoryNames().size(); ++i) {
    if ((mask >> i & 1) != 0) categories.push_back("@" + std::string(CategoryNames()[i]));
  }
  SendFlags({categories.begin(), categories.end()}, reply);

  std::vector<std::string_view> tips;
  ForEachPart(spec->tips, ',', [&](std::string_view tip) { tips.push_back(tip); });
  reply.SetHeader(tips.size());
  for (const std::string_view tip : tips) reply.Bulk(tip);

  reply.SetHeader(spec->keys.size());
  for (const KeySpec& key_spec : spec->keys) SendKeySpec(key_spec, reply);

  // Redis announces no subcommands as an empty set, and some as an array.
  if (spec->subcommands.empty()) reply.SetHeader(0);
  if (!spec->subcommands.empty()) reply.ArrayHeader(spec->subcommands.size());
  for (const CommandSpec& sub : spec->subcommands) {
    ReplyCommandInfo(&sub, SubcommandName(full_name, sub), reply);
  }
}

void ReplyCommandDocs(const CommandSpec& spec, std::string_view full_name, Reply& reply) {
  const auto arguments = ParseGrammar(spec.arguments, spec.keys.size());
  MYDIS_ASSERT(arguments.has_value(), "the arguments of every record are well formed");
  const size_t bar = spec.deprecated.find('|');
  const bool deprecated = !spec.deprecated.empty();

  Fields fields;
  fields.Text("summary", spec.summary);
  fields.Text("since", spec.since);
  fields.Text("group", GroupName(spec.group));
  fields.Text("complexity", spec.complexity);
  fields.Text("deprecated_since", spec.deprecated.substr(0, bar));
  if (bar != std::string_view::npos) fields.Text("replaced_by", spec.deprecated.substr(bar + 1));
  fields.Send(reply,
              deprecated + !spec.history.empty() + !arguments->empty() + !spec.subcommands.empty());
  if (deprecated) {
    reply.Bulk("doc_flags");
    SendFlags({"deprecated"}, reply);
  }
  if (!spec.history.empty()) {
    reply.Bulk("history");
    SendHistory(spec.history, reply);
  }
  if (!arguments->empty()) {
    reply.Bulk("arguments");
    SendArguments(*arguments, reply);
  }
  if (spec.subcommands.empty()) return;
  reply.Bulk("subcommands");
  reply.MapHeader(spec.subcommands.size());
  for (const CommandSpec& sub : spec.subcommands) {
    const std::string name = SubcommandName(full_name, sub);
    reply.Bulk(name);
    ReplyCommandDocs(sub, name, reply);
  }
}

void ReplyGetKeys(const CommandTable& table, Args words, bool with_flags, Reply& reply) {
  const CommandSpec* spec = table.Resolve(words);
  const bool unknown_subcommand = spec != nullptr && !spec->subcommands.empty() && words.size() > 1;
  if (spec == nullptr || unknown_subcommand) {
    reply.Error("ERR Invalid command specified");
    return;
  }
  const bool has_keys =
      spec->find_keys != nullptr || std::ranges::any_of(spec->keys, [](const KeySpec& keys) {
        return (keys.flags & kKeyNotKey) == 0;
      });
  if (!has_keys) {
    reply.Error("ERR The command has no key arguments");
    return;
  }
  if (!ArityFits(*spec, words.size())) {
    reply.Error("ERR Invalid number of arguments specified for command");
    return;
  }
  std::vector<FoundKey> keys;
  if ((!FindKeys(*spec, words, &keys) || keys.empty()) && (spec->flags & kNoMandatoryKeys) == 0) {
    reply.Error("ERR Invalid arguments specified for command");
    return;
  }
  reply.ArrayHeader(keys.size());
  for (const FoundKey& key : keys) {
    if (with_flags) reply.ArrayHeader(2);
    reply.Bulk(words[key.position]);
    if (with_flags) SendFlags(KeyFlagNames(key.flags), reply);
  }
}

void ReplyCommandList(const CommandTable& table, Args options, Reply& reply) {
  std::optional<uint32_t> category;
  std::optional<std::string_view> pattern;
  bool none = false;  // There are no modules, and unknown categories have no commands.
  if (!options.empty()) {
    if (options.size() != 3 || !EqualsUpper(options[0], "FILTERBY")) {
      reply.Error(kErrSyntax);
      return;
    }
    if (EqualsUpper(options[1], "ACLCAT")) {
      category = CategoryBit(options[2]);
      none = !category;
    } else if (EqualsUpper(options[1], "PATTERN")) {
      pattern = options[2];
    } else if (EqualsUpper(options[1], "MODULE")) {
      none = true;
    } else {
      reply.Error(kErrSyntax);
      return;
    }
  }
  std::vector<std::string> names;
  const auto consider = [&](const CommandSpec& spec, std::string name) {
    if (none || (category && (CategoriesOf(spec) & *category) == 0)) return;
    if (pattern && !GlobMatches(*pattern, name, /*ignore_case=*/true)) return;
    names.push_back(std::move(name));
  };
  for (const CommandSpec* spec : table.all()) {
    consider(*spec, std::string(spec->name));
    for (const CommandSpec& sub : spec->subcommands) consider(sub, SubcommandName(spec->name, sub));
  }
  reply.ArrayHeader(names.size());
  for (const std::string& name : names) reply.Bulk(name);
}

}  // namespace mydis

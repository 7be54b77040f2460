#include "commands/markdown.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "base/assert.h"
#include "commands/grammar.h"
#include "commands/introspection.h"

namespace mydis {
namespace {

struct Section {
  Group group;
  std::string_view title;
};

constexpr std::array kSections = {
    Section{Group::kString, "Strings"},
    Section{Group::kBitmap, "Bitmaps"},
    Section{Group::kHash, "Hashes"},
    Section{Group::kList, "Lists"},
    Section{Group::kSet, "Sets"},
    Section{Group::kSortedSet, "Sorted sets"},
    Section{Group::kStream, "Streams"},
    Section{Group::kHyperLogLog, "HyperLogLog"},
    Section{Group::kGeo, "Geographical positions"},
    Section{Group::kGeneric, "Keys of any type"},
    Section{Group::kTransactions, "Transactions"},
    Section{Group::kScripting, "Scripts"},
    Section{Group::kPubSub, "Publish and subscribe"},
    Section{Group::kConnection, "Connection"},
    Section{Group::kCluster, "Consistency and the cluster"},
    Section{Group::kServer, "Server"},
};

constexpr std::string_view kIntroduction =
    R"(# Commands

<!-- Written by `mydis_docs` from the command records; ./dev test checks that it is current. -->

Every command works from any instance, through any Redis client. *Write*: it goes through the log and
is answered once it is committed. *Read*: it is answered by the instance the client is connected to.
*Local*: it concerns that instance or the connection alone. `STRONG` and `EVENTUAL` before a command say
how much it promises. Replies are written as in [tests/resp](../tests/resp/README.md).

)";

std::string_view EffectName(const CommandSpec& spec) {
  switch (spec.effect) {
    case Effect::kRead:
      return "Read";
    case Effect::kWrite:
      return "Write";
    case Effect::kLocal:
      return "Local";
  }
  MYDIS_ASSERT(false, "every effect has a name");
}

bool IsPureContainer(const CommandSpec& spec) {
  return spec.handler.read == nullptr && spec.handler.write == nullptr &&
         spec.handler.local == nullptr;
}

std::string Title(const CommandSpec* container, const CommandSpec& spec) {
  const std::string name = ToUpper(spec.name);
  return container == nullptr ? name : ToUpper(container->name) + " " + name;
}

std::string AnchorOf(std::string_view title) {
  std::string anchor = ToLower(title);
  std::ranges::replace(anchor, ' ', '-');
  return anchor;
}

void AppendExample(const CommandSpec& spec, std::string& out) {
  if (spec.example.empty()) return;
  out += "```\n";
  std::string_view rest = spec.example;
  while (!rest.empty()) {
    const size_t at = rest.find("; ");
    out += fmt::format("> {}\n", rest.substr(0, at));
    if (at == std::string_view::npos) break;
    rest.remove_prefix(at + 2);
  }
  out += fmt::format("{}\n```\n\n", spec.example_reply);
}

void AppendCommand(const CommandSpec* container, const CommandSpec& spec, std::string& out) {
  const std::string title = Title(container, spec);
  const auto arguments = ParseGrammar(spec.arguments, spec.keys.size());
  MYDIS_ASSERT(arguments.has_value(), "the arguments of every record are well formed");
  const std::string words = RenderArguments(*arguments);
  out += fmt::format("### {}\n`{}{}{}`\n\n", title, title, words.empty() ? "" : " ", words);
  out += fmt::format("{}\n\n", spec.summary);
  if (!spec.deprecated.empty()) {
    const size_t bar = spec.deprecated.find('|');
    out += fmt::format("Deprecated since {}", spec.deprecated.substr(0, bar));
    if (bar != std::string_view::npos)
      out += fmt::format(": use {}", spec.deprecated.substr(bar + 1));
    out += ".\n\n";
  }
  out += fmt::format("{} · since {} · {} ·", EffectName(spec), spec.since, spec.complexity);
  const uint32_t mask = CategoriesOf(spec);
  for (size_t i = 0; i < CategoryNames().size(); ++i) {
    if ((mask >> i & 1) != 0) out += fmt::format(" `@{}`", CategoryNames()[i]);
  }
  out += "\n\n";
  if (!spec.history.empty()) {
    ForEachPart(spec.history, '|',
                [&](std::string_view change) { out += fmt::format("- {}\n", change); });
    out += '\n';
  }
  AppendExample(spec, out);
}

// Containers that can only be called with a subcommand are shown by their subcommands.
template <typename Visit>
void ForEachShown(const CommandTable& table, Group group, Visit visit) {
  for (const CommandSpec* spec : table.all()) {
    if (spec->group != group) continue;
    if (!IsPureContainer(*spec)) visit(nullptr, *spec);
    for (const CommandSpec& sub : spec->subcommands) visit(spec, sub);
  }
}

}  // namespace

std::string CommandsMarkdown(const CommandTable& table) {
  std::string contents;
  std::string body;
  for (const Section& section : kSections) {
    std::string links;
    std::string commands;
    ForEachShown(table, section.group, [&](const CommandSpec* container, const CommandSpec& spec) {
      const std::string title = Title(container, spec);
      links += fmt::format("{}[{}](#{})", links.empty() ? "" : " · ", title, AnchorOf(title));
      AppendCommand(container, spec, commands);
    });
    if (links.empty()) continue;
    contents += fmt::format("| {} | {} |\n", section.title, links);
    body += fmt::format("## {}\n\n{}", section.title, commands);
  }
  while (body.ends_with("\n\n")) body.pop_back();
  return fmt::format("{}| | |\n|---|---|\n{}\n{}", kIntroduction, contents, body);
}

}  // namespace mydis

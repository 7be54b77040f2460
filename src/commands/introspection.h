// What COMMAND, ACL and the documentation say about commands, derived from their records alone.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "commands/table.h"
#include "state/reply.h"

namespace mydis {

// --- ACL categories ---

// Names without the `@`, in Redis's order; category n is bit n of a mask.
std::span<const std::string_view> CategoryNames();
// The bit of the category of that name, in any case; nullopt if there is none.
std::optional<uint32_t> CategoryBit(std::string_view name);
// The categories that a command belongs to, as Redis derives them from flags and group.
uint32_t CategoriesOf(const CommandSpec& spec);

// --- Flags, groups, keys ---

// Redis's names of a command's flags, in Redis's order: "write", "denyoom" …
std::vector<std::string_view> FlagNames(const CommandSpec& spec);
// "RW", "access", "update" …
std::vector<std::string_view> KeyFlagNames(uint16_t flags);
// "string", "sorted-set" …
std::string_view GroupName(Group group);

// The first and last key and the step between keys, as clients from before key specifications know
// them; zeros for none. `movable`: it does not tell all keys.
struct LegacyKeys {
  int first = 0;
  int last = 0;
  int step = 0;
  bool movable = false;
};
LegacyKeys LegacyKeysOf(const CommandSpec& spec);

// Calls `visit` with every part of a list "a,b,c" or "a|b|c".
template <typename Visit>
void ForEachPart(std::string_view list, char separator, Visit visit) {
  while (!list.empty()) {
    const size_t at = list.find(separator);
    visit(list.substr(0, at));
    if (at == std::string_view::npos) return;
    list.remove_prefix(at + 1);
  }
}

// --- Replies ---

// An element of COMMAND INFO: nullptr gives a null. `full_name` as CommandTable::FullName has it.
void ReplyCommandInfo(const CommandSpec* spec, std::string_view full_name, Reply& reply);
// A value of COMMAND DOCS.
void ReplyCommandDocs(const CommandSpec& spec, std::string_view full_name, Reply& reply);
// COMMAND GETKEYS and GETKEYSANDFLAGS; `words` are those of the command asked about.
void ReplyGetKeys(const CommandTable& table, Args words, bool with_flags, Reply& reply);
// COMMAND LIST; `options` are the words behind LIST.
void ReplyCommandList(const CommandTable& table, Args options, Reply& reply);

}  // namespace mydis

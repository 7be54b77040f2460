// Handlers of the list family; the records are in lists_family.cc.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "commands/spec.h"
#include "types/list.h"

namespace mydis {

std::span<const CommandSpec> ListFamily();
// lists_blocking.cc
std::span<const CommandSpec> BlockingListFamily();

// lists_push_pop.cc
void LpushCommand(WriteContext& context);
void RpushCommand(WriteContext& context);
void LpushxCommand(WriteContext& context);
void RpushxCommand(WriteContext& context);
void LpopCommand(WriteContext& context);
void RpopCommand(WriteContext& context);
void LmpopCommand(WriteContext& context);
void LmoveCommand(WriteContext& context);
void RpoplpushCommand(WriteContext& context);

// lists.cc
void LlenCommand(ReadContext& context);
void LindexCommand(ReadContext& context);
void LrangeCommand(ReadContext& context);
void LposCommand(ReadContext& context);
void LinsertCommand(WriteContext& context);
void LsetCommand(WriteContext& context);
void LremCommand(WriteContext& context);
void LtrimCommand(WriteContext& context);

// --- What the blocking forms share with these ---

// Sends one element of an end.
void SendElement(Reply& reply, const ListpackValue& value);
// Removes `count` elements of an end, with the events of LPOP or RPOP.
// REQUIRES: the key holds a list of at least so many elements.
void RemovePopped(WriteContext& context, std::string_view key, ListEnd end, size_t count);
// LMPOP from the first of `keys` that is there: sends its name and up to `count` elements. False if
// none is there; then nothing has been sent.
bool PopFromFirst(WriteContext& context, std::span<const std::string_view> keys, ListEnd end,
                  size_t count);
// LMOVE. False if the source is not there; then nothing has been sent.
bool MoveElement(WriteContext& context, std::string_view source, std::string_view target,
                 ListEnd from, ListEnd to);

// The word LEFT or RIGHT; nullopt for anything else.
std::optional<ListEnd> ReadListEnd(std::string_view word);

// What LMPOP has behind its name, and BLMPOP behind its time-out.
struct ListPopOptions {
  std::span<const std::string_view> keys;
  ListEnd end = ListEnd::kFront;
  size_t count = 1;
};
// Reads `numkeys key … LEFT|RIGHT [COUNT count]`. nullopt if it is wrong; then `error` says why.
std::optional<ListPopOptions> ReadListPopOptions(Args args, size_t first, std::string_view* error);

}  // namespace mydis

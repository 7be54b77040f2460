// Handlers of the bitmap family; its records are in bitmaps_family.cc.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "commands/spec.h"

namespace mydis {

std::span<const CommandSpec> BitmapFamily();

// bitmaps.cc
void SetbitCommand(WriteContext& context);
void GetbitCommand(ReadContext& context);
void BitcountCommand(ReadContext& context);
void BitposCommand(ReadContext& context);
void BitopCommand(WriteContext& context);

// bitmaps_field.cc
void BitfieldCommand(WriteContext& context);
void BitfieldRoCommand(ReadContext& context);

// The offset of a bit in a string, within what proto-max-bulk-len allows; nullopt if `word` is
// none: then the error has been sent. With `scale` (a field's width) "#n" stands for n times it.
std::optional<uint64_t> ReadBitOffset(std::string_view word, const State& state, Reply& reply,
                                      int scale = 0);

}  // namespace mydis

// Handlers of the string family; its records are in strings_family.cc.
#pragma once

#include <span>

#include "commands/spec.h"

namespace mydis {

std::span<const CommandSpec> StringFamily();

// strings_get.cc
void GetCommand(ReadContext& context);
void MgetCommand(ReadContext& context);
void StrlenCommand(ReadContext& context);
void GetrangeCommand(ReadContext& context);  // Of SUBSTR too.

// strings_set.cc
void SetCommand(WriteContext& context);
void SetnxCommand(WriteContext& context);
void SetexCommand(WriteContext& context);
void PsetexCommand(WriteContext& context);
void GetsetCommand(WriteContext& context);
void GetexCommand(WriteContext& context);
void GetdelCommand(WriteContext& context);
void MsetCommand(WriteContext& context);
void MsetnxCommand(WriteContext& context);
void AppendCommand(WriteContext& context);
void SetrangeCommand(WriteContext& context);

// strings_number.cc
void IncrCommand(WriteContext& context);
void DecrCommand(WriteContext& context);
void IncrbyCommand(WriteContext& context);
void DecrbyCommand(WriteContext& context);
void IncrbyfloatCommand(WriteContext& context);

// lcs.cc
void LcsCommand(ReadContext& context);

}  // namespace mydis

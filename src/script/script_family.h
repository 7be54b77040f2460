// The commands that run scripts and functions and keep them.
#pragma once

#include <span>
#include <string_view>

#include "commands/spec.h"
#include "commands/table.h"

namespace mydis {

std::span<const CommandSpec> EvalFamily();         // EVAL, EVALSHA, FCALL and their _RO forms
std::span<const CommandSpec> ScriptFamily();       // SCRIPT
std::span<const CommandSpec> FunctionFamily();     // FUNCTION
std::span<const CommandSpec> ScriptDebugFamily();  // What of DEBUG is about scripts.

// The families of this layer, for whoever makes a command table.
Families ScriptFamilies();

// The _RO form of a call of a script or function that is known and declares that it writes nothing:
// such a call is a read. Otherwise `spec` itself. For calls that run at once: later the function
// might be another one.
const CommandSpec* ReadOnlyForm(const CommandTable& table, const CommandSpec* spec, Args args,
                                const State& state);

// Whether the command is a call of a script or function that declares that it writes nothing.
bool DeclaresNoWrites(const CommandTable& table, const CommandSpec* spec, Args args,
                      const State& state);

// eval_commands.cc
void EvalCommand(WriteContext& context);
void EvalRoCommand(ReadContext& context);
void EvalshaCommand(WriteContext& context);
void EvalshaRoCommand(ReadContext& context);
void FcallCommand(WriteContext& context);
void FcallRoCommand(ReadContext& context);

// script_commands.cc
void DebugDenyScriptsCommand(WriteContext& context);
void ScriptDebugCommand(ReadContext& context);
void ScriptExistsCommand(ReadContext& context);
void ScriptFlushCommand(WriteContext& context);
void ScriptHelpCommand(ReadContext& context);
void ScriptKillCommand(ReadContext& context);
void ScriptLoadCommand(WriteContext& context);

// function_commands.cc
void FunctionDeleteCommand(WriteContext& context);
void FunctionFlushCommand(WriteContext& context);
void FunctionHelpCommand(ReadContext& context);
void FunctionKillCommand(ReadContext& context);
void FunctionListCommand(ReadContext& context);
void FunctionLoadCommand(WriteContext& context);
void FunctionStatsCommand(ReadContext& context);
// function_dump.cc
void FunctionDumpCommand(ReadContext& context);
void FunctionRestoreCommand(WriteContext& context);

}  // namespace mydis

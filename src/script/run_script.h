// Runs a script or a function on behalf of a command.
#pragma once

#include <string_view>

#include "script/call.h"
#include "state/scripts.h"

namespace mydis {

struct ArenaImage;

// The first line of a script, `#!lua flags=a,b`: what it declares, and how long it is (0: there is
// none). False, with the error, if it makes no sense.
bool ReadShebang(std::string_view text, uint32_t* flags, size_t* length, std::string* error);

// The keys and arguments behind `numkeys`, args[2]. False if the count is wrong: then the error has
// been sent.
bool ReadKeys(Args args, std::string_view not_a_number, Args* keys, Args* rest, Reply& reply);

// What Redis checks before it runs a script: flags against the command and the memory limit. Fills
// the call; false if an error has been sent. `ro`: the command is one of the _RO forms.
bool PrepareCall(ScriptCall& call, uint32_t flags, bool ro, Reply& reply);

// Compiles the script, if this thread has not, without running it. nullptr if that fails: then the
// error has been sent. Good until the next script is compiled.
const ArenaImage* CompileScript(std::string_view sha, std::string_view text, size_t shebang,
                                Reply& reply);
// Runs a compiled script. REQUIRES: PrepareCall().
void RunScript(ScriptCall& call, const ArenaImage& image, Reply& reply);
// Runs a function of a library. REQUIRES: PrepareCall().
void RunFunction(ScriptCall& call, const FunctionLibrary& library, Reply& reply);

}  // namespace mydis

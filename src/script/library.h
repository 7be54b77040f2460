// Loading the code of a function library.
#pragma once

#include <string>
#include <string_view>

#include "mydis/status.h"
#include "state/scripts.h"

namespace mydis {

// The name in the first line of `code`. Errors are Redis's, without "ERR".
Result<std::string> LibraryName(std::string_view code);
// Reads the first line of `code`, runs the rest and notes what it registers. Errors likewise.
Result<FunctionLibrary> LoadLibrary(std::string_view code);

}  // namespace mydis

// The description of the HTTP routes for programs, made from their records.
#pragma once

#include <string>

namespace mydis {

// An OpenAPI 3.0 document. Any thread.
std::string OpenApiText();

}  // namespace mydis

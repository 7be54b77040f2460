// "FIELDS numfields field …", which the commands about several fields have in common.
#pragma once

#include <optional>
#include <string_view>

#include "state/context.h"

namespace mydis {

// The words behind FIELDS, which stands at word `at`, and the count: `words_each` for each field.
// nullopt if they are wrong: then the error has been sent, `count_error` for a wrong count.
std::optional<Args> ReadFields(
    Args args, size_t at, size_t words_each, Reply& reply,
    std::string_view count_error = "ERR Parameter `numFields` should be greater than 0");

}  // namespace mydis

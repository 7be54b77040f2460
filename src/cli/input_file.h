// What a subcommand reads: a file, or standard input. Main thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "consensus/descriptor.h"
#include "mydis/status.h"

namespace mydis {

struct InputFile {
  // "-": standard input. Errors name the path.
  static Result<InputFile> Open(const std::string& path);
  // Goes back to the beginning. REQUIRES: `size` is there.
  Status Rewind() const;

  Descriptor descriptor;
  std::optional<uint64_t> size;  // Of what can be read twice.
};

}  // namespace mydis

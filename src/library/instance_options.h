// The options of an embedded instance as those of a server, and errors the other way round.
#pragma once

#include <string_view>

#include "mydis/instance.h"
#include "server/options.h"

namespace mydis {

// An error names the field of InstanceOptions that is wrong.
Result<ServerOptions> ToServerOptions(const InstanceOptions& options);

// The same error, of an instance with this data directory, in terms of InstanceOptions' fields:
// "--data-dir" is `data_dir`.
Status InTermsOfFields(const Status& status, std::string_view data_dir);

}  // namespace mydis

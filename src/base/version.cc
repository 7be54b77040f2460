#include "base/version.h"

namespace mydis {

std::string_view Version() { return MYDIS_VERSION; }

}  // namespace mydis

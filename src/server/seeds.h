// Where the instances of --join are.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/host_port.h"

namespace mydis {

// The addresses that a seed stands for: a DNS name may stand for several instances. A name that is
// not known yet is kept as it is and looked up again whenever it is asked.
std::vector<std::pair<std::string, uint16_t>> ResolveSeed(const HostPort& seed);

}  // namespace mydis

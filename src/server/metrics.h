// What this instance measures, in Prometheus's text form.
#pragma once

#include <string>

namespace mydis {

class Node;
struct State;

// Any I/O thread. `state` is read under the lock that the caller holds. Names begin with mydis_;
// times are in seconds, sizes in bytes.
std::string MetricsText(Node& node, const State& state);

}  // namespace mydis

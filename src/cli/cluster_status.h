// The reply to MYDIS STATUS as text. Any thread.
#pragma once

#include <string>

#include "mydis/status.h"
#include "protocol/resp_reader.h"

namespace mydis {

// For people: a line about the cluster, and a table of its members.
Result<std::string> ClusterTable(const RespValue& status);

// Why the instance that answered cannot serve, one line; empty: it can.
std::string ClusterTrouble(const RespValue& status);

// Whether it belongs to a cluster.
bool IsMember(const RespValue& status);

// For programs: the table's columns, a header and a line a member, separated by tabs.
Result<std::string> ClusterTabs(const RespValue& status);

}  // namespace mydis

// A client in one line, as CLIENT LIST, CLIENT INFO and ACL LOG show it.
#pragma once

#include <string>

#include "server/session.h"

namespace mydis {

class Node;

// Without a line end. Any thread.
std::string ClientInfo(Node& node, ClientRecord& client);

}  // namespace mydis

// What is on the other side of a connection that does not get replies of the Redis protocol. Any
// thread.
#pragma once

#include <string>
#include <string_view>

namespace mydis {

// For people, to stand behind "HOST:PORT: ". `bytes`: the first that came; perhaps none, if the
// connection ended instead.
std::string StrangeReply(std::string_view bytes);

}  // namespace mydis

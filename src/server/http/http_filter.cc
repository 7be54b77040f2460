#include "server/http/http_filter.h"

namespace mydis {

// There is no route yet.
Status HttpFilter::Receive(std::string_view, std::string&, std::string& to_socket) {
  if (answered_) return Status::Ok();
  answered_ = true;
  to_socket += "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
  return Status::Ok();
}

}  // namespace mydis

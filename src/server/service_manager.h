// Tells the service manager that started this process (systemd, or whoever speaks sd_notify's
// protocol) how it stands.
#pragma once

#include <string>
#include <string_view>

namespace mydis {

// A plain value. Any thread.
class ServiceManager {
 public:
  // `socket` is what NOTIFY_SOCKET says: a path, or "@" and an abstract name. Empty: nobody is
  // told.
  explicit ServiceManager(std::string socket) : socket_(std::move(socket)) {}
  static ServiceManager OfEnvironment();

  // Sends assignments as sd_notify(3) has them, a line each: "READY=1\nSTATUS=serving". Without
  // waiting: what the manager cannot take at once is lost.
  void Tell(std::string_view state) const;

 private:
  std::string socket_;
};

}  // namespace mydis

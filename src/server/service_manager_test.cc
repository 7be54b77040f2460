#include "server/service_manager.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>

namespace mydis {
namespace {

// What a service manager has: a bound socket for datagrams.
class Manager {
 public:
  // `name` as in NOTIFY_SOCKET.
  explicit Manager(const std::string& name) : fd_(socket(AF_UNIX, SOCK_DGRAM, 0)) {
    sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
    std::memcpy(address.sun_path, name.data(), name.size());
    if (name[0] == '@') address.sun_path[0] = '\0';
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    EXPECT_EQ(bind(fd_, reinterpret_cast<const sockaddr*>(&address), length), 0);
  }
  ~Manager() { close(fd_); }

  // The next datagram that is there; empty if there is none.
  std::string Read() {
    char bytes[256];
    const ssize_t size = recv(fd_, bytes, sizeof(bytes), MSG_DONTWAIT);
    return size < 0 ? "" : std::string(bytes, static_cast<size_t>(size));
  }

 private:
  int fd_;
};

TEST(ServiceManager, IsToldByPath) {
  const std::string path = testing::TempDir() + "/notify." + std::to_string(getpid());
  Manager manager(path);
  ServiceManager(path).Tell("READY=1\nSTATUS=serving");
  EXPECT_EQ(manager.Read(), "READY=1\nSTATUS=serving");
  unlink(path.c_str());
}

TEST(ServiceManager, IsToldByAbstractName) {
  const std::string name = "@mydis-notify-" + std::to_string(getpid());
  Manager manager(name);
  ServiceManager(name).Tell("STOPPING=1");
  EXPECT_EQ(manager.Read(), "STOPPING=1");
}

TEST(ServiceManager, ThatIsNotThereChangesNothing) {
  ServiceManager("").Tell("READY=1");
  ServiceManager("/nonexistent/socket").Tell("READY=1");
  ServiceManager(std::string(200, 'x')).Tell("READY=1");
}

}  // namespace
}  // namespace mydis

// Instances of one process that are members of one cluster, and of two.
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <future>
#include <vector>

#include "library/instance_fixture.h"

namespace mydis {
namespace {

class InstanceClusterTest : public InstanceTest {
 protected:
  // Two ports side by side that are free at the moment, for Raft and RPC; below those that other
  // tests and the system choose from.
  int FreePorts() {
    do next_port_ += 2;
    while (!IsFree(next_port_) || !IsFree(next_port_ + 1));
    return next_port_;
  }

  static bool IsFree(int port) {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const bool is_free = bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    close(fd);
    return is_free;
  }

  // The options of `size` instances that form a cluster when they have met.
  std::vector<InstanceOptions> Members(const std::string& name, int size) {
    std::vector<InstanceOptions> members;
    std::vector<std::string> addresses;
    for (int i = 0; i < size; ++i) {
      InstanceOptions& member = members.emplace_back(Options(name + std::to_string(i)));
      member.raft_port = FreePorts();
      member.name = name;
      addresses.push_back("127.0.0.1:" + std::to_string(member.raft_port));
    }
    for (InstanceOptions& member : members) {
      member.join = addresses;
      member.expect = size;
    }
    return members;
  }

  std::vector<std::unique_ptr<Instance>> StartAll(const std::vector<InstanceOptions>& members) {
    std::vector<std::unique_ptr<Instance>> instances;
    for (const InstanceOptions& member : members) instances.push_back(Start(member));
    for (const auto& instance : instances) {
      const Status status = instance->WaitUntilReady(std::chrono::seconds(60));
      EXPECT_TRUE(status.ok()) << status.message();
    }
    EXPECT_TRUE(Eventually([&] { return instances[0]->status().voters.size() == members.size(); }));
    return instances;
  }

 private:
  int next_port_ = 12'000 + getpid() % 500 * 18;
};

TEST_F(InstanceClusterTest, ThreeInOneProcessOfWhichOneGoesAndComesBack) {
  const std::vector<InstanceOptions> members = Members("three", 3);
  std::vector<std::unique_ptr<Instance>> instances = StartAll(members);

  // Whoever writes where, and reads elsewhere with what the writer has seen.
  for (size_t i = 0; i < 3; ++i) {
    Session writer = instances[i]->NewSession();
    const std::string value = "of " + std::to_string(i);
    ASSERT_TRUE(writer.Set("k", value));
    Session reader = instances[(i + 1) % 3]->NewSession({.min_revision = writer.revision()});
    EXPECT_EQ(reader.Get("k").value(), value);
    Session strong = instances[(i + 2) % 3]->NewSession({.read_consistency = Consistency::kStrong});
    EXPECT_EQ(strong.Get("k").value(), value);
  }

  size_t leader = 0;
  ASSERT_TRUE(Eventually([&] {
    for (leader = 0; leader < 3; ++leader)
      if (instances[leader]->status().leads) return true;
    return false;
  }));
  instances[leader].reset();
  Session survivor =
      instances[(leader + 1) % 3]->NewSession({.time_limit = std::chrono::seconds(60)});
  ASSERT_TRUE(survivor.Set("k", "without it"));

  instances[leader] = StartReady(members[leader]);
  Session returned = instances[leader]->NewSession({.min_revision = survivor.revision()});
  EXPECT_EQ(returned.Get("k").value(), "without it");
  EXPECT_TRUE(returned.Set("k", "again"));
}

TEST_F(InstanceClusterTest, LeadershipIsHandedOverFirst) {
  std::vector<std::unique_ptr<Instance>> instances = StartAll(Members("handover", 3));
  size_t leader = 3;
  ASSERT_TRUE(Eventually([&] {
    for (leader = 0; leader < 3; ++leader)
      if (instances[leader]->status().leads) return true;
    return false;
  }));
  const std::string left = instances[leader]->status().instance_id;
  instances[leader]->Stop();
  // Somebody else leads at once: no election time-out has to pass before anybody notices.
  const auto& other = instances[(leader + 1) % 3];
  EXPECT_TRUE(Eventually([&] {
    const InstanceStatus status = other->status();
    return !status.leader.empty() && status.leader != left;
  }));
}

TEST_F(InstanceClusterTest, WhoWaitsForAnInstanceIsToldThatItStops) {
  const std::vector<InstanceOptions> members = Members("alone", 2);
  const auto instance = Start(members[0]);
  auto waits = std::async(std::launch::async,
                          [&] { return instance->WaitUntilReady(std::chrono::hours(1)); });
  EXPECT_NE(waits.wait_for(std::chrono::milliseconds(50)), std::future_status::ready);
  instance->Stop();
  EXPECT_EQ(waits.get().code(), ErrorCode::kUnavailable);
  EXPECT_EQ(instance->WaitUntilReady().code(), ErrorCode::kUnavailable);
}

TEST_F(InstanceClusterTest, TwoClustersKnowNothingOfEachOther) {
  InstanceOptions first = Options("first"), second = Options("second");
  first.raft_port = second.raft_port = 0;
  const auto one = StartReady(first);
  const auto other = StartReady(second);
  Session of_one = one->NewSession(), of_other = other->NewSession();
  ASSERT_TRUE(of_one.Set("k", "one"));
  EXPECT_EQ(of_other.Get("k").value(), std::nullopt);
  ASSERT_TRUE(of_one.Command({"ACL", "SETUSER", "u", "on", "nopass", "~*", "+get"}));
  ASSERT_TRUE(of_other.Command({"ACL", "SETUSER", "u", "on", "nopass", "~*", "+set"}));
  // One thread reads both with the rights of a user of the same name.
  Session u_of_one = one->NewSession({.user = "u"}), u_of_other = other->NewSession({.user = "u"});
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(u_of_one.Get("k").value(), "one");
    EXPECT_EQ(u_of_other.Get("k").error().code(), ErrorCode::kNoPermission);
  }
}

TEST_F(InstanceClusterTest, AnInstanceAloneMayJoinACompanyLater) {
  const auto alone = StartReady();
  EXPECT_TRUE(alone->NewSession().Set("k", "v"));
  alone->Stop();
  InstanceOptions options = Options();
  options.raft_port = FreePorts();
  const auto first = StartReady(options);
  InstanceOptions more = Options("second");
  more.raft_port = FreePorts();
  more.join = {"127.0.0.1:" + std::to_string(options.raft_port)};
  const auto second = StartReady(more);
  EXPECT_EQ(second->NewSession().Get("k").value(), "v");
}

}  // namespace
}  // namespace mydis

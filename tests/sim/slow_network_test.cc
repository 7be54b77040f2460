// What takes the network or a disk longer than followers wait for a heartbeat.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/random.h"
#include "network.h"
#include "node.h"
#include "observer.h"
#include "script/script_family.h"
#include "state/entry_codec.h"
#include "world.h"

namespace mydis::sim {
namespace {

constexpr uint64_t kBandwidth = 100'000;
constexpr size_t kSize = 500'000;  // Five seconds; who hears nothing for one campaigns.
constexpr uint64_t kPatienceUs = 60'000'000;

class SlowTest : public testing::TestWithParam<uint64_t> {
 protected:
  explicit SlowTest(uint32_t instances) : world_(GetParam()), network_(world_, NetworkOptions{}) {
    FoundingOptions founding;
    for (uint32_t i = 0; i < instances; ++i)
      founding.seeds.emplace_back(fmt::format("n{}", i), 2382);
    founding.expect = instances;
    for (uint32_t i = 0; i < instances; ++i) {
      nodes_.push_back(std::make_unique<Node>(i, world_, network_, observer_, table_,
                                              NodeOptions{.snapshot_entries = 1'000'000,
                                                          .log_tail_bytes = 64 << 20,
                                                          .raft_timeout_us = kPatienceUs,
                                                          .segment_size = 4 << 20},
                                              SimFaults{}));
      nodes_.back()->Start(founding);
    }
    EXPECT_TRUE(Until([this] { return Leader() != nullptr && AllReady(); }));
    Pass(3'000'000);
  }

  template <typename Condition>
  bool Until(Condition condition, uint64_t for_us = kPatienceUs) {
    const uint64_t end = world_.now() + for_us;
    while (!condition() && world_.now() < end && observer_.failure().empty()) world_.Step(end);
    return condition();
  }
  void Pass(uint64_t us) {
    const uint64_t end = world_.now() + us;
    while (world_.now() < end) world_.Step(end);
  }
  Node* Leader() {
    for (auto& node : nodes_)
      if (node->replica() != nullptr && node->replica()->leader().self) return node.get();
    return nullptr;
  }
  Node& Follower() {
    for (auto& node : nodes_)
      if (node.get() != Leader()) return *node;
    return *nodes_[0];
  }
  bool AllReady() {
    for (auto& node : nodes_)
      if (node->replica() == nullptr || node->replica()->readiness() != Readiness::kReady)
        return false;
    return true;
  }
  std::shared_ptr<Status> Set(Node& node, std::string_view key, std::string_view value) {
    auto submission = std::make_unique<SimSubmission>();
    EntryBuilder builder;
    builder.AddCommand(0, std::vector<std::string_view>{"SET", key, value});
    submission->operations = builder.operations();
    submission->payload = builder.Take();
    const auto status = std::make_shared<Status>(ErrorCode::kUnknown, "no answer");
    submission->done = [status](const SimSubmission&, const Outcome& outcome) {
      *status = outcome.status;
    };
    node.process()->Submit(std::move(submission));
    return status;
  }
  World world_;
  Network network_;
  Observer observer_;
  const CommandTable table_{StateFamilies(), ScriptFamilies()};
  std::vector<std::unique_ptr<Node>> nodes_;
};

class SlowNetworkTest : public SlowTest {
 protected:
  SlowNetworkTest() : SlowTest(3) {
    network_.SetOptions({.bandwidth = kBandwidth});
    bytes_before_ = network_.bytes_sent();
  }
  // Has `node` SET a large value, and the leader small ones all the while. True once everybody has
  // the large one.
  bool Write(Node& node) {
    const std::string value(kSize, 'x');
    const std::shared_ptr<Status> written = Set(node, "k", value);
    uint64_t next_us = world_.now();
    EXPECT_TRUE(Until([&] {
      if (Leader() != nullptr && world_.now() >= next_us) {
        Set(*Leader(), "small", "value");
        next_us = world_.now() + 50'000;
      }
      for (auto& each : nodes_)
        if (each->process()->machine().Read({"STRLEN", "k"}) != fmt::format(":{}", kSize))
          return false;
      return written->ok();
    })) << written->message();
    return written->ok();
  }
  // How often a value was sent, and a little.
  double Copies() const {
    return static_cast<double>(network_.bytes_sent() - bytes_before_) / kSize;
  }

  uint64_t bytes_before_ = 0;
};

TEST_P(SlowNetworkTest, TheLeaderStaysAndSendsNothingTwice) {
  Node* leader = Leader();
  const uint64_t term = leader->replica()->leader().term;
  ASSERT_TRUE(Write(*leader));
  EXPECT_LT(Copies(), 2.5);  // One to each follower.
  ASSERT_TRUE(Write(Follower()));
  EXPECT_LT(Copies(), 5.5);
  EXPECT_EQ(Leader(), leader);
  EXPECT_EQ(leader->replica()->leader().term, term);
  EXPECT_EQ(observer_.failure(), "");
}

TEST_P(SlowNetworkTest, AFollowerThatTakesItsTimeToStoreIsSentNothingTwice) {
  Node* leader = Leader();
  Follower().set_slowness(10'000);  // A write takes seconds.
  ASSERT_TRUE(Write(*leader));
  EXPECT_LT(Copies(), 2.5);
  EXPECT_EQ(Leader(), leader);
}

// Where the connection refuses some of what is sent, the core asks for it anew; nobody waits for
// entries that are not on their way.
TEST_P(SlowNetworkTest, NoFollowerIsForgotten) {
  Random random(GetParam());
  const uint64_t bandwidth = 1'000'000 + random.Below(4'000'000);
  network_.SetOptions({.bandwidth = bandwidth, .queue_limit = 50'000 + random.Below(2'000'000)});
  const uint64_t gap_us = 1'000 + random.Below(80'000);
  const uint64_t most = 10'000 + random.Below(400'000);
  Node* leader = Leader();
  std::vector<uint64_t> durable(nodes_.size()), moved_us(nodes_.size(), world_.now());
  uint64_t longest_us = 0;
  uint64_t bytes = 0;
  const auto watch = [&] {
    for (auto& node : nodes_) {
      const uint64_t here = node->replica()->status().durable;
      uint64_t& us = moved_us[node->number()];
      if (here != std::exchange(durable[node->number()], here) ||
          here == leader->replica()->status().durable)
        us = world_.now();
      longest_us = std::max(longest_us, world_.now() - us);
    }
  };
  for (int i = 0; i < 150; ++i) {
    const std::string value(most / 2 + random.Below(most / 2), 'x');
    bytes += value.size();
    Set(*nodes_[random.Below(3)], fmt::format("k{}", i), value);
    const uint64_t end = world_.now() + random.Below(2 * gap_us);
    for (; world_.now() < end; world_.Step(end)) watch();
  }
  const auto done = [&] {
    watch();
    return std::ranges::all_of(nodes_, [&](auto& node) {
      return node->replica()->applied() == leader->replica()->commit() &&
             node->replica()->status().submissions_unapplied == 0;
    });
  };
  EXPECT_TRUE(Until(done, 2 * bytes * 1'000'000 / bandwidth + 10'000'000));
  EXPECT_LT(longest_us, 10'000'000u);
  EXPECT_EQ(Leader(), leader);
}

// Writes of seconds.
class SlowDiskTest : public SlowTest {
 protected:
  SlowDiskTest() : SlowTest(3) {}
  // A write of so many bytes while the disks of these are slow, which is for that one alone.
  // Whether the leader has stayed.
  bool Write(const std::vector<Node*>& slow, size_t bytes = kLarge) {
    Node* leader = Leader();
    const uint64_t term = leader->replica()->leader().term;
    for (Node* node : slow) node->set_slowness(8'000);
    const std::shared_ptr<Status> written = Set(*leader, "k", std::string(bytes, 'x'));
    Pass(20'000);
    for (Node* node : slow) node->set_slowness(1);
    EXPECT_TRUE(Until([&] { return written->ok(); })) << written->message();
    EXPECT_EQ(observer_.failure(), "");
    return Leader() == leader && leader->replica()->leader().term == term;
  }
  // What may take eight seconds.
  static constexpr size_t kLarge = 8 << 20;
};

TEST_P(SlowDiskTest, ALeaderThatWritesForSecondsStays) { EXPECT_TRUE(Write({Leader()})); }

TEST_P(SlowDiskTest, FollowersThatWriteForSecondsKeepTheirLeader) {
  std::vector<Node*> followers;
  for (auto& node : nodes_)
    if (node.get() != Leader()) followers.push_back(node.get());
  EXPECT_TRUE(Write(followers));
}

TEST_P(SlowDiskTest, AllWriteForSeconds) {
  EXPECT_TRUE(Write({nodes_[0].get(), nodes_[1].get(), nodes_[2].get()}));
}

// Five seconds for a few bytes: somebody else leads long before.
TEST_P(SlowDiskTest, ALeaderWhoseDiskHangsDoesNotStay) {
  Node* leader = Leader();
  leader->set_slowness(60'000);
  const uint64_t begin = world_.now();
  const std::shared_ptr<Status> written = Set(*leader, "k", "value");
  Pass(20'000);
  EXPECT_TRUE(Until([&] { return Leader() != nullptr && Leader() != leader; }));
  EXPECT_LT(world_.now() - begin, 4'500'000u);
  leader->set_slowness(1);
}

// The core counts an only voter's own copy before it is stored.
class TwoTest : public SlowTest {
 protected:
  TwoTest() : SlowTest(2) {}
};

TEST_P(TwoTest, ALearnerHearsOfNothingThatTheOnlyVoterMayLose) {
  Node* leader = Leader();
  Node& other = Follower();
  leader->set_slowness(10'000);
  const uint64_t durable = leader->replica()->status().durable;
  Set(*leader, "k", "value");
  Pass(300'000);
  ASSERT_EQ(leader->replica()->status().durable, durable);
  EXPECT_LE(other.replica()->applied(), durable);
  EXPECT_EQ(other.process()->machine().Read({"GET", "k"}), "_");
  leader->Crash();
  leader->set_slowness(1);
  leader->Start();
  EXPECT_TRUE(Until([this] { return Leader() != nullptr && AllReady(); }));
  Pass(2'000'000);
  EXPECT_EQ(other.process()->machine().Read({"GET", "k"}),
            leader->process()->machine().Read({"GET", "k"}));
  EXPECT_EQ(observer_.failure(), "");
}

INSTANTIATE_TEST_SUITE_P(Seeds, SlowNetworkTest, testing::Range<uint64_t>(1, 21));
INSTANTIATE_TEST_SUITE_P(Seeds, SlowDiskTest, testing::Range<uint64_t>(1, 9));
INSTANTIATE_TEST_SUITE_P(Seeds, TwoTest, testing::Range<uint64_t>(1, 9));

}  // namespace
}  // namespace mydis::sim

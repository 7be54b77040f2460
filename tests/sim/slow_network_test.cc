// Values that take the network longer than followers wait for a heartbeat.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "network.h"
#include "node.h"
#include "observer.h"
#include "script/script_family.h"
#include "state/entry_codec.h"
#include "world.h"

namespace mydis::sim {
namespace {

constexpr uint32_t kNodes = 3;
constexpr uint64_t kBandwidth = 100'000;
constexpr size_t kSize = 500'000;  // Five seconds; who hears nothing for one campaigns.
constexpr uint64_t kPatienceUs = 60'000'000;

class SlowNetworkTest : public testing::TestWithParam<uint64_t> {
 protected:
  SlowNetworkTest() : world_(GetParam()), network_(world_, NetworkOptions{}) {
    FoundingOptions founding;
    for (uint32_t i = 0; i < kNodes; ++i) founding.seeds.emplace_back(fmt::format("n{}", i), 2382);
    founding.expect = kNodes;
    for (uint32_t i = 0; i < kNodes; ++i) {
      nodes_.push_back(std::make_unique<Node>(i, world_, network_, observer_, table_,
                                              NodeOptions{.snapshot_entries = 1'000'000,
                                                          .log_tail_bytes = 64 << 20,
                                                          .raft_timeout_us = kPatienceUs,
                                                          .segment_size = 4 << 20},
                                              SimFaults{}));
      nodes_.back()->Start(founding);
    }
    EXPECT_TRUE(Until([this] { return Leader() != nullptr && AllReady(); }));
    network_.SetOptions({.bandwidth = kBandwidth});
    bytes_before_ = network_.bytes_sent();
  }

  template <typename Condition>
  bool Until(Condition condition) {
    const uint64_t end = world_.now() + kPatienceUs;
    while (!condition() && world_.now() < end && observer_.failure().empty()) world_.Step(end);
    return condition();
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

  World world_;
  Network network_;
  Observer observer_;
  const CommandTable table_{StateFamilies(), ScriptFamilies()};
  std::vector<std::unique_ptr<Node>> nodes_;
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

INSTANTIATE_TEST_SUITE_P(Seeds, SlowNetworkTest, testing::Range<uint64_t>(1, 6));

}  // namespace
}  // namespace mydis::sim

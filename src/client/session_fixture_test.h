// What the tests of sessions have in common: an instance, and clients of it and others.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <initializer_list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "client/fake_cluster_test.h"
#include "mydis/client.h"

namespace mydis::testing {

// Fails the first `times` commands of a name.
inline auto First(std::string name, Fault fault, int times = 1) {
  auto left = std::make_shared<std::atomic<int>>(times);
  return [name = std::move(name), fault, left](const CommandWords& words) {
    return words[0] == name && left->fetch_sub(1) > 0 ? fault : Fault::kNone;
  };
}

inline auto Always(std::string name, Fault fault) { return First(std::move(name), fault, 1 << 30); }

class SessionFixture : public ::testing::Test {
 protected:
  static ClientOptions OptionsFor(std::initializer_list<FakeInstance*> instances) {
    ClientOptions options;
    options.addresses.clear();
    for (const FakeInstance* instance : instances) options.addresses.push_back(instance->address());
    return options;
  }
  // A client of these instances.
  static std::unique_ptr<Client> Connect(std::initializer_list<FakeInstance*> instances,
                                         Executor executor = {}) {
    ClientOptions options = OptionsFor(instances);
    options.executor = std::move(executor);
    auto client = Client::Connect(std::move(options));
    EXPECT_TRUE(client) << client.error().message();
    return client ? *std::move(client) : nullptr;
  }
  // Of what one lane has sent: a number is not sent (again) once the cluster was told that all
  // below a higher one are answered.
  static void ExpectNumbersKept(const std::vector<std::string>& received);

  std::shared_ptr<FakeState> state_ = std::make_shared<FakeState>();
  FakeInstance one_{state_};
};

inline void SessionFixture::ExpectNumbersKept(const std::vector<std::string>& received) {
  uint64_t oldest = 0;
  size_t count = 0;
  for (const std::string& line : received) {
    const size_t at = line.find("NUMBERED ");
    if (at == std::string::npos || line.starts_with("COMMAND")) continue;
    const size_t number = line.find(' ', at + 9) + 1;
    const size_t own_oldest = line.find(' ', number) + 1;
    oldest = std::max<uint64_t>(oldest, std::stoull(line.substr(own_oldest)));
    EXPECT_GE(std::stoull(line.substr(number)), oldest) << line;
    ++count;
  }
  EXPECT_GT(count, 0u);
}

}  // namespace mydis::testing

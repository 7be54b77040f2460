// Instances for tests: each in a directory of its own, which goes with the test.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

#include "mydis/mydis.h"

namespace mydis {

class InstanceTest : public ::testing::Test {
 protected:
  InstanceTest() {
    char name[] = "/tmp/mydis-library-test.XXXXXX";
    EXPECT_NE(mkdtemp(name), nullptr);
    folder_ = name;
  }
  ~InstanceTest() override { std::filesystem::remove_all(folder_); }

  // Of an instance without ports.
  InstanceOptions Options(const std::string& name = "data") const {
    InstanceOptions options;
    options.data_dir = folder_ + "/" + name;
    // What a test writes need not outlive the machine.
    options.durable = false;
    return options;
  }

  static std::unique_ptr<Instance> Start(const InstanceOptions& options) {
    auto instance = Instance::Start(options);
    if (!instance) throw std::runtime_error(instance.error().message());
    return *std::move(instance);
  }
  std::unique_ptr<Instance> StartReady(const InstanceOptions& options) {
    std::unique_ptr<Instance> instance = Start(options);
    const Status status = instance->WaitUntilReady();
    EXPECT_TRUE(status.ok()) << status.message();
    return instance;
  }
  std::unique_ptr<Instance> StartReady() { return StartReady(Options()); }

  // Waits until it is so; false if it is not within a time that is long for a machine under load.
  static bool Eventually(const std::function<bool()>& condition) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (!condition()) {
      if (std::chrono::steady_clock::now() > until) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return true;
  }

  std::string folder_;
};

template <typename T>
std::string ErrorOf(const Result<T>& result) {
  return result ? "" : result.error().message();
}

}  // namespace mydis

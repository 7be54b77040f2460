// A thread that calls Engine::Turn() cheaply. The core is in Go, whose runtime knows the threads it
// started: a call from any other borrows an identity for the length of the call (nine system calls
// with Go 1.19), and leaves the runtime to think that it went idle, so that its own threads wake up
// for every turn. Who drives an engine seldom (a test, a tool) may use any thread.
#pragma once

#include <functional>
#include <future>

namespace mydis {

// One thread at a time. Used as std::thread is; the body must not throw.
class EngineThread {
 public:
  EngineThread() = default;  // No thread.
  explicit EngineThread(std::function<void()> body);
  EngineThread(EngineThread&&) = default;
  EngineThread& operator=(EngineThread&&) = default;

  bool joinable() const { return done_.valid(); }
  // Returns after the body has. REQUIRES: joinable().
  void join();

 private:
  std::future<void> done_;
};

}  // namespace mydis

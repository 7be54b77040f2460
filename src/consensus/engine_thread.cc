#include "consensus/engine_thread.h"

#include <atomic>
#include <memory>
#include <utility>

#include "base/assert.h"
#include "consensus/engine/host.h"
#include "consensus/engine_runtime.h"

extern "C" void MydisEngineThread(void* body);  // engine/thread.go says what it does.

namespace mydis {
namespace {

// The other thread is the Go runtime's: `ready` hands over what was written before, in terms of
// C++.
struct Body {
  std::packaged_task<void()> task;
  std::atomic<bool> ready{false};
};

}  // namespace

EngineThread::EngineThread(std::function<void()> body) {
  StartEngineRuntime();
  auto made = std::make_unique<Body>(std::packaged_task<void()>(std::move(body)));
  done_ = made->task.get_future();
  made->ready.store(true, std::memory_order_release);
  MydisEngineThread(made.release());
}

void EngineThread::join() {
  MYDIS_ASSERT(joinable(), "there is a thread to wait for");
  done_.get();
}

}  // namespace mydis

void mydis_engine_thread_run(void* body) {
  const std::unique_ptr<mydis::Body> made(static_cast<mydis::Body*>(body));
  MYDIS_ASSERT(made->ready.load(std::memory_order_acquire), "it is handed over");
  made->task();
}

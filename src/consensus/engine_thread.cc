#include "consensus/engine_thread.h"

#include <memory>
#include <utility>

#include "base/assert.h"
#include "consensus/engine/host.h"

extern "C" void MydisEngineThread(void* body);  // engine/thread.go says what it does.

namespace mydis {
namespace {
using Body = std::packaged_task<void()>;
}  // namespace

EngineThread::EngineThread(std::function<void()> body) {
  auto task = std::make_unique<Body>(std::move(body));
  done_ = task->get_future();
  MydisEngineThread(task.release());
}

void EngineThread::join() {
  MYDIS_ASSERT(joinable(), "there is a thread to wait for");
  done_.get();
}

}  // namespace mydis

void mydis_engine_thread_run(void* body) {
  const std::unique_ptr<mydis::Body> task(static_cast<mydis::Body*>(body));
  (*task)();
}

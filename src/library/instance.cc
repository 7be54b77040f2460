#include "mydis/instance.h"

#include "base/log.h"
#include "library/running_instance.h"

namespace mydis {

class Instance::Impl {
 public:
  // Outlives this while a stop from within a callback goes on.
  std::shared_ptr<RunningInstance> running;
};

Instance::Instance(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Instance::~Instance() { impl_->running->Stop(); }

Result<std::unique_ptr<Instance>> Instance::Start(InstanceOptions options) {
  auto running = RunningInstance::Start(options);
  if (!running) return Fail(running.error());
  return std::unique_ptr<Instance>(new Instance(std::make_unique<Impl>(Impl{*std::move(running)})));
}

Status Instance::WaitUntilReady(std::chrono::milliseconds limit) {
  return impl_->running->WaitUntilReady(limit);
}

Session Instance::NewSession(SessionOptions options) {
  return impl_->running->NewSession(std::move(options));
}

InstanceStatus Instance::status() const { return impl_->running->status(); }
int Instance::http_port() const { return impl_->running->node().port(Door::kHttp); }
int Instance::redis_port() const { return impl_->running->node().port(Door::kRedis); }
int Instance::raft_port() const { return impl_->running->node().raft_port(); }
void Instance::Stop() { impl_->running->Stop(); }

void Instance::OnStopped(std::function<void(const Status& why)> handler) {
  impl_->running->OnStopped(std::move(handler));
}

void SetLogHandler(std::function<void(std::string_view level, std::string_view line)> handler) {
  if (!handler) return LogTo(LogLevel::kOff, nullptr);
  LogTo(LogLevel::kInfo, [handler = std::move(handler)](LogLevel level, std::string_view line) {
    handler(NameOf(level), line);
  });
}

}  // namespace mydis

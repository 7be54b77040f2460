#include "server/local_context.h"

#include "server/io_thread.h"

namespace mydis {

const State& LocalContext::Read() const { return thread.Read(); }

LocalContext::Resume LocalContext::Suspend() const {
  return {thread, connection.id(), connection.Suspend()};
}

void LocalContext::Resume::operator()(Answer answer) const {
  thread_->WithConnection(
      id_, [suspension = suspension_, answer = std::move(answer)](Connection& connection) mutable {
        connection.Resumed(suspension, std::move(answer));
      });
}

}  // namespace mydis

#include "server/local_context.h"

#include "server/io_thread.h"

namespace mydis {

const State& LocalContext::Read() const { return thread.Read(); }

LocalContext::Resume LocalContext::Suspend() const {
  connection.Suspend();
  return {thread, connection.id()};
}

void LocalContext::Resume::operator()(Answer answer) const {
  thread_->WithConnection(id_, [answer = std::move(answer)](Connection& connection) mutable {
    connection.Resumed(std::move(answer));
  });
}

}  // namespace mydis

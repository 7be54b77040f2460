#include "library/instance_dialer.h"

#include <string.h>
#include <sys/socket.h>

#include "library/instance_reader.h"

namespace mydis {

InstanceDialer::InstanceDialer(std::shared_ptr<Node> node)
    : node_(std::move(node)), visits_(std::make_shared<StateVisits>(node_)) {}

void InstanceDialer::Close() {
  MutexLock guard(mutex_);
  closed_ = true;
}

void InstanceDialer::Dial(EventLoop&, const SessionOptions& session, uint64_t, OnDialed done) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) != 0) {
    return done(Fail(ErrorCode::kUnavailable,
                     std::string("no connection to the instance can be made: ") + strerror(errno)));
  }
  UniqueFd mine(ends[0]), its(ends[1]);
  {
    MutexLock guard(mutex_);
    if (!closed_) node_->AdoptOwn(its.Release(), session.user);
  }
  if (its.valid()) return done(Fail(ErrorCode::kUnavailable, "the instance has been stopped"));
  done(DialedConnection{std::move(mine), nullptr, std::string(kOwnAddress)});
}

std::unique_ptr<DirectReader> InstanceDialer::NewReader(const SessionOptions& session) {
  return std::make_unique<InstanceReader>(visits_, session);
}

}  // namespace mydis

// What the handler of a local command gets: a command that never leaves its session.
#pragma once

#include <functional>

#include "commands/spec.h"
#include "mydis/status.h"
#include "server/resp_reply.h"
#include "server/session.h"

namespace mydis {

class Connection;
class IoThread;
class Node;

struct LocalContext {
  Args args;
  RespReply& reply;
  Connection& connection;
  ClientSession& session;
  IoThread& thread;
  Node& node;
  bool in_transaction = false;  // Runs as part of EXEC: must answer at once.

  // The state, locked for reading until the handler returns.
  const State& Read() const;

  // For commands whose answer takes time. After Suspend the handler returns without a reply; the
  // connection handles nothing else until `Resume` is called with the function that replies, on any
  // thread; only the first call counts. A client that leaves meanwhile is no problem. REQUIRES:
  // !in_transaction.
  using Answer = std::move_only_function<void(RespReply&)>;
  class Resume {
   public:
    Resume(IoThread& thread, uint64_t connection_id, uint64_t suspension)
        : thread_(&thread), id_(connection_id), suspension_(suspension) {}
    void operator()(Answer answer) const;

   private:
    IoThread* thread_;
    uint64_t id_;
    uint64_t suspension_;
  };
  Resume Suspend() const;
};

}  // namespace mydis

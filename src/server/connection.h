// One client connection on the Redis port: parses, routes, keeps the order of replies.
//
// Order. Replies leave in the order of the commands. While writes of this connection are under way
// (`pending_` > 0), what follows either joins the batch being filled, if a write of this connection
// is already in it, or waits in the input until they are answered.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "net/stream.h"
#include "protocol/resp_parser.h"
#include "server/client_batch.h"
#include "server/local_context.h"
#include "server/session.h"

namespace mydis {

// The I/O thread's. Deletes itself through the thread once closed and idle.
class Connection final : private StreamHandler {
 public:
  Connection(IoThread& thread, int fd, uint64_t id);
  ~Connection();

  uint64_t id() const { return session_.record->id; }
  Session& session() { return session_; }
  Stream& stream() { return stream_; }
  const RespParser& parser() const { return parser_; }

  // An item of this connection has come back from the log.
  void Deliver(const ClientBatch& batch, BatchItem& item, const Outcome& outcome);
  // Called after all items of a batch were delivered.
  void AfterBatch();
  // The barrier asked for has ended.
  void BarrierDone(const Status& status);
  // The answer of a suspended command.
  void Resumed(LocalContext::Answer answer);
  // Room to submit again, or CLIENT PAUSE is over: goes on if it waited for that.
  void Retry();
  void Suspend();
  // Replies and then closes (QUIT, CLIENT KILL of oneself).
  void CloseAfterReply() { close_after_reply_ = true; }
  void Kill();

 private:
  // Why the input is not looked at.
  enum class Wait : uint8_t { kNone, kIdle, kBarrier, kAnswer, kRoom, kPause };
  enum class Step : uint8_t { kNext, kStop };

  size_t OnData(Stream& stream, std::string_view bytes) override;
  std::span<char> ReadTarget() override { return parser_.Target(); }
  void OnTargetFilled(Stream&, size_t n) override { parser_.TargetFilled(n); }
  void OnEnd(Stream& stream, bool unread) override;
  void OnClosed(Stream& stream, const Status& reason) override;

  void Prefetch(const RequestBatch& batch, size_t from);
  Step Handle(Args args);
  Step HandleQueued(const CommandSpec* spec, Args args, bool strong);
  Step HandleRead(const CommandSpec* spec, Args args, bool strong);
  Step HandleWrite(const CommandSpec* spec, Args args, bool strong);
  Step HandleLocal(const CommandSpec* spec, Args args);
  Step HandleExec(bool strong);
  Step SubmitTransaction(bool strong);
  Step RunReadTransaction(bool strong);
  void RunLocal(const CommandSpec* spec, Args args, Reply& reply, bool in_transaction);
  void RunRead(const CommandSpec* spec, Args args, uint32_t db, Reply& reply);

  // Whether a write may be submitted now: kNext, or kStop if it has to wait, or an error was sent.
  bool RefuseOrWait(Step* step);
  Step WaitFor(Wait wait);
  void GoOn();
  // Answers with an error, in order.
  Step ReplyError(std::string_view error);
  bool direct() const { return pending_ == 0; }
  // Whether a reply can be put in order now: directly, or behind items of this connection in the
  // batch being filled.
  bool CanAttach() const;
  void Attached();
  std::string UnknownCommand(Args args) const;
  void SendItem(const ClientBatch& batch, BatchItem& item, const Outcome& outcome);
  void SendTransaction(const ClientBatch& batch, BatchItem& item);
  // Gets the reply mode's effect on what was appended since `before`.
  void AfterReply(size_t before);
  bool Strong(Effect effect, std::optional<Consistency> forced) const;
  void FinishIfDone();

  IoThread& thread_;
  Node& node_;
  Session session_;
  RespParser parser_;
  Stream stream_;
  uint32_t pending_ = 0;         // Items under way, in the batch being filled or submitted.
  uint64_t batch_serial_ = 0;    // Of the batch that the last item went into.
  uint32_t barrier_budget_ = 0;  // Strong reads that the last barrier still covers.
  Wait wait_ = Wait::kNone;
  bool in_data_ = false;
  bool close_after_reply_ = false;
  bool ended_ = false;  // The client sends no more.
  bool closed_ = false;
};

}  // namespace mydis

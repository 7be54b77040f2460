// A session: its lane, and what does not go over that.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "client/client_core.h"
#include "client/dialer.h"
#include "client/pending_call.h"
#include "mydis/channel.h"

namespace mydis {

// Any thread.
class RemoteChannel final : public detail::Channel {
 public:
  RemoteChannel(std::shared_ptr<ClientCore> core, SessionOptions options);
  ~RemoteChannel() override;

  Result<Value> Call(CallKind kind, const Words& words, const CallOptions& options) override;
  detail::AnswerState Start(CallKind kind, const Words& words, const CallOptions& options) override;
  detail::AnswerState Prepare(CallKind kind, const Words& words,
                              const CallOptions& options) override;
  void StartAll(std::vector<detail::AnswerState> calls, const CallOptions& options) override;
  Result<bool> Transact(std::vector<detail::StoredCall> calls,
                        std::vector<detail::Condition> conditions,
                        const CallOptions& options) override;
  uint64_t revision() const override { return revisions_->seen.load(std::memory_order_acquire); }
  void SeeAtLeast(uint64_t revision) override {
    SessionRevisions::Raise(revisions_->seen, revision);
  }
  Result<std::shared_ptr<Listening>> Subscribe(SubscribeOptions options,
                                               SubscribeHandlers handlers) override;
  Result<std::shared_ptr<Listening>> Watch(WatchOptions options, WatchHandlers handlers) override;

  // Whether an instance answers: fails when none of them could be connected to.
  Status TryOut();

 private:
  using WordViews = std::span<const std::string_view>;

  std::optional<Result<Value>> TryRead(CallKind kind, const Words& words,
                                       const CallOptions& options);
  CallPointer Make(CallKind kind, WordViews words) const;
  CallPointer Make(CallKind kind, WordViews words, const CallOptions& options) const;
  CallPointer MakeTransaction(const std::vector<detail::StoredCall>& calls,
                              const std::vector<detail::Condition>& conditions,
                              const CallOptions& options);
  void SetOptions(PendingCall& call, const CallOptions& options, uint64_t now_us) const;
  void StartElsewhere(const CallPointer& call);
  // The call's, or the session's: it is more than nothing.
  Status CheckTimeLimit(const CallOptions& options) const;
  uint64_t TimeLimitUs(const CallOptions& options) const;

  const std::shared_ptr<ClientCore> core_;
  const SessionOptions options_;
  const std::shared_ptr<SessionRevisions> revisions_ = std::make_shared<SessionRevisions>();
  const std::unique_ptr<DirectReader> reader_;  // Null: all goes over connections.
  const std::shared_ptr<Lane> lane_;
};

}  // namespace mydis

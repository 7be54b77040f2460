// The attempts of waiters whose turn it is, in one submission; docs/blocking.md.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "server/blocked_clients.h"
#include "server/resp_reply.h"
#include "server/server_submission.h"
#include "state/entry_codec.h"

namespace mydis {

// Made and applied by the consensus thread; afterwards constant and shared by the I/O threads whose
// connections it answers.
class WakeBatch final : public ServerSubmission, private ApplyObserver {
 public:
  WakeBatch(BlockedClients& blocked, bool wait_for_all) : blocked_(blocked) {
    strong = wait_for_all;
  }
  void Add(std::shared_ptr<Attempt> attempt);
  bool empty() const { return items_.empty(); }
  // Makes the payload. No more can be added.
  void Seal();

  ApplyObserver* BeginApply(Core& core) override;
  void Return(std::unique_ptr<ServerSubmission> self, const Outcome& outcome,
              Outbox& outbox) override;
  uint32_t begun() const override { return begun_; }
  uint64_t current_client() const override {
    return begun_ == 0 ? 0 : items_[begun_ - 1].waiter->connection;
  }

  struct Item {
    std::shared_ptr<Attempt> attempt;
    std::shared_ptr<Waiter> waiter;  // Whom it was for in the end.
    size_t begin = 0;                // Of the reply in `replies_`.
    size_t end = 0;
    uint64_t revision = 0;  // After it ran, or when what it repeats did.
    enum class Fate : uint8_t {
      kTrying,
      kServed,   // Or answered with an error of its own.
      kWaiting,  // Put back.
      kLeft,     // Found nothing, and has left meanwhile.
    };
    Fate fate = Fate::kTrying;
  };
  std::string_view ReplyOf(const Item& item) const {
    return std::string_view(replies_).substr(item.begin, item.end - item.begin);
  }

 private:
  Reply& BeginCommand(uint32_t i) override;
  void BeginTransaction(uint32_t, bool) override {}
  Reply& ElementReply(uint32_t, uint32_t) override { return reply_; }
  void Repeats(uint32_t i, uint64_t revision) override { items_[i].revision = revision; }
  void End(uint32_t i, bool would_block) override;
  void NotRun(uint32_t) override {}

  BlockedClients& blocked_;
  EntryBuilder builder_;
  std::vector<Item> items_;
  std::vector<Item> passed_on_;  // For those who left before others got their attempts.
  Core* core_ = nullptr;
  uint32_t begun_ = 0;
  std::string replies_;
  RespReply reply_{replies_, 2};
};

}  // namespace mydis

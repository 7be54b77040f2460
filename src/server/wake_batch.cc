#include "server/wake_batch.h"

#include "server/connection.h"
#include "server/io_thread.h"

namespace mydis {

void WakeBatch::Add(std::shared_ptr<Attempt> attempt) {
  const Waiter& waiter = *attempt->waiter;
  const std::vector<std::string_view> words(waiter.words.begin(), waiter.words.end());
  if (waiter.once != nullptr) builder_.Once(waiter.once->Tag());
  builder_.AddCommand(waiter.db, words);
  items_.push_back({.attempt = std::move(attempt)});
}

void WakeBatch::Seal() {
  operations = builder_.operations();
  kind = EntryBody::kCommands;
  payload = builder_.Take();
}

ApplyObserver* WakeBatch::BeginApply(Core& core) {
  core_ = &core;
  return this;
}

Reply& WakeBatch::BeginCommand(uint32_t i) {
  Item& item = items_[i];
  begun_ = i + 1;
  if (auto left = blocked_.PassToFirst(item.attempt))
    passed_on_.push_back({.waiter = std::move(left), .fate = Item::Fate::kLeft});
  item.waiter = item.attempt->waiter;
  reply_.set_version(item.waiter->resp_version);
  item.begin = replies_.size();
  return reply_;
}

// Here, not when the batch returns: a strong one returns late, and others must not be held up by
// attempts that have taken what they take.
void WakeBatch::End(uint32_t i, bool would_block) {
  Item& item = items_[i];
  item.end = replies_.size();
  if (item.revision == 0) item.revision = core_->machine.state().revision;
  if (!would_block) {
    blocked_.Finish(*item.waiter);
    item.fate = Item::Fate::kServed;
  } else {
    item.fate = blocked_.PutBack(item.waiter) ? Item::Fate::kWaiting : Item::Fate::kLeft;
  }
}

void WakeBatch::Return(std::unique_ptr<ServerSubmission> self, const Outcome& outcome, Outbox&) {
  // Certainly not written: they go on waiting.
  const ErrorCode code = outcome.status.code();
  const bool not_written = code == ErrorCode::kNotCommitted || code == ErrorCode::kDiskFull;
  for (Item& item : items_) {
    if (item.fate != Item::Fate::kTrying) continue;
    item.waiter = item.attempt->waiter;
    if (not_written) {
      item.fate = blocked_.PutBack(item.waiter) ? Item::Fate::kWaiting : Item::Fate::kLeft;
    } else {
      blocked_.Finish(*item.waiter);
      item.fate = Item::Fate::kServed;
    }
  }
  items_.insert(items_.end(), passed_on_.begin(), passed_on_.end());
  const std::shared_ptr<const WakeBatch> batch(static_cast<const WakeBatch*>(self.release()));
  const auto result = std::make_shared<const Outcome>(outcome);
  for (const Item& item : items_) {
    if (item.fate == Item::Fate::kWaiting) continue;
    item.waiter->thread->WithConnection(item.waiter->connection,
                                        [batch, &item, result](Connection& connection) {
                                          connection.AttemptEnded(*batch, item, *result);
                                        });
  }
}

}  // namespace mydis

// Follows the state on behalf of the clients that listen: gathers what a batch of applied entries
// has for them, as News.
#pragma once

#include <memory>
#include <utility>

#include "server/audience.h"
#include "server/news.h"
#include "state/events.h"
#include "state/state.h"

namespace mydis {

struct ServerSubmission;

// The consensus thread.
class Announcer final : public KeyspaceListener, public MessageListener {
 public:
  explicit Announcer(Audience& audience) : audience_(audience) {}

  // Whether this instance is up to date. Until then what is applied is old: nobody is told.
  void set_ready(bool ready) { ready_ = ready; }
  // The entry that is applied next; `local` if its clients are here.
  void BeginEntry(uint64_t index, const State& state, const ServerSubmission* local) {
    index_ = index;
    state_ = &state;
    local_ = local;
  }
  // What has been gathered since the last call, or null.
  std::shared_ptr<const News> Take();
  // Keys that were changed by what has been applied since the start, one by one.
  uint64_t changes() const { return changes_; }
  ThreadMask threads() const { return news_ == nullptr ? 0 : news_->threads(); }

  void OnKeyChanged(uint32_t db, std::string_view key) override;
  void OnKeyExpired(uint32_t db, std::string_view key) override;
  void OnFlush(std::optional<uint32_t> db) override;
  void OnEvent(EventClass event_class, std::string_view event, uint32_t db,
               std::string_view key) override;
  int64_t OnMessage(bool sharded, std::string_view channel, std::string_view message) override;
  void OnUsersChanged() override;

 private:
  News& Batch();
  NewsPosition Here() const;

  Audience& audience_;
  bool ready_ = false;
  uint64_t index_ = 0;
  const State* state_ = nullptr;
  const ServerSubmission* local_ = nullptr;
  std::shared_ptr<News> news_;
  uint64_t changes_ = 0;
};

}  // namespace mydis

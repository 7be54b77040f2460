#include "server/announcer.h"

#include "server/server_submission.h"

namespace mydis {

std::shared_ptr<const News> Announcer::Take() { return std::exchange(news_, nullptr); }

News& Announcer::Batch() {
  if (news_ == nullptr) news_ = std::make_shared<News>();
  return *news_;
}

NewsPosition Announcer::Here() const {
  NewsPosition here{.index = index_};
  if (local_ != nullptr) {
    here.operation = local_->begun();
    here.client = local_->current_client();
  }
  return here;
}

void Announcer::OnKeyChanged(uint32_t, std::string_view key) {
  ++changes_;
  const ThreadMask trackers = audience_.trackers();
  if (trackers == 0 || !ready_) [[likely]]
    return;
  Batch().AddKeyChanged(trackers, Here(), key);
}

void Announcer::OnKeyExpired(uint32_t db, std::string_view key) {
  OnEvent(EventClass::kExpired, "expired", db, key);
}

void Announcer::OnFlush(std::optional<uint32_t>) {
  ++changes_;
  const ThreadMask trackers = audience_.trackers();
  if (trackers == 0 || !ready_) return;
  Batch().AddAllChanged(trackers, Here());
}

void Announcer::OnEvent(EventClass event_class, std::string_view event, uint32_t db,
                        std::string_view key) {
  if (audience_.empty() || !ready_) [[likely]]
    return;
  const uint32_t flags = state_->settings.notify_events();
  if ((flags & static_cast<uint32_t>(event_class)) == 0) return;
  Batch().AddEvent(audience_, Here(), flags, event_class, event, db, key);
}

int64_t Announcer::OnMessage(bool sharded, std::string_view channel, std::string_view message) {
  if (audience_.empty() || !ready_) return 0;
  return Batch().AddMessage(audience_, Here(), sharded, channel, message);
}

// At its place among the messages: who has lost the right to hear is gone before the next one.
void Announcer::OnUsersChanged() { Batch().AddUsersChanged(Here()); }

}  // namespace mydis

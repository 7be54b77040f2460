// The part of a connection that is sent what it did not ask for, and what it has read noted.
#include "server/connection.h"
#include "server/io_thread.h"
#include "server/node.h"

namespace mydis {

bool Connection::MayListenerGoOn() {
  if (!std::exchange(mail_waited_, false) && thread_.ExpectsNews()) {
    thread_.WaitForNews(id());
    WaitFor(Wait::kMail);
    return false;
  }
  if (session_.tracking != nullptr) thread_.listeners().tracked().ObeyLimit();
  return true;
}

void Connection::MailHandled() {
  if (wait_ != Wait::kMail) return;
  mail_waited_ = true;
  GoOn();
}

void Connection::Push(PushForms& push) {
  if (stream_.closed()) return;
  stream_.Write(push.Of(session_.resp_version));
  CheckPushed();
}

void Connection::PushBytes(std::string_view bytes) {
  if (stream_.closed()) return;
  stream_.Write(bytes);
  CheckPushed();
}

void Connection::CheckPushed() {
  const uint64_t limit = node_.config().output_pubsub.hard_bytes;
  if (limit == 0 || stream_.output_size() <= limit) [[likely]]
    return;
  // Perhaps the client reads well, and there was only much in one turn.
  stream_.Flush();
  if (stream_.output_size() > limit) stream_.Close(Status(ErrorCode::kBusy, "output buffer limit"));
}

void Connection::TrackKeys(const CommandSpec* spec, Args args) {
  if (!Tracks() || spec->group == Group::kScripting) return;
  for (const std::string& key : KeysRead(*spec, args))
    thread_.listeners().tracked().Remember(*this, key);
}

void Connection::TrackRead(const ClientBatch& batch, const BatchItem& item) {
  if (session_.tracking == nullptr || session_.tracking->broadcast) return;
  TrackedKeys& tracked = thread_.listeners().tracked();
  std::vector<std::string> keys;
  if (item.extra != nullptr) keys = item.extra->keys_read;
  if (item.read != nullptr && item.spec->group != Group::kScripting) {
    std::vector<std::string_view> views;
    keys = KeysRead(*item.spec, item.read->Views(views));
  }
  for (const std::string& key : keys) {
    // A strong write is answered late: changes since then have been told already.
    const bool changed =
        batch.strong && (item.read == nullptr ||
                         thread_.Read().keyspace.ChangedSince(item.read->db, key, item.revision));
    if (changed) {
      tracked.InvalidateFor(*this, key);
    } else {
      tracked.Remember(*this, key);
    }
  }
}

}  // namespace mydis

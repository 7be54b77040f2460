// The part of a connection that watches keys behind writes which are under way.
#include <algorithm>

#include "server/connection.h"
#include "server/io_thread.h"

namespace mydis {

void Connection::WatchInOrder(size_t from) {
  thread_.CurrentBatch().Watch(std::span(session_.watched).subspan(from));
  session_.watch_batch = batch_serial_;
}

// The keys that are still watched are some of the note's, in the same order.
void Connection::LearnWatched(const ClientBatch& batch, const WatchNote& note) {
  if (session_.watch_batch != batch.serial) return;
  bool all_known = true;
  auto noted = note.keys.begin();
  for (WatchedKey& key : session_.watched) {
    const auto found = key.revision != (note.mark | kAtMark)
                           ? note.keys.end()
                           : std::find_if(noted, note.keys.end(), [&key](const WatchedKey& other) {
                               return other.db == key.db && other.key == key.key;
                             });
    if (found != note.keys.end()) {
      // If the writes before it have failed, it takes place now.
      key.revision =
          note.made ? found->revision : thread_.Read().keyspace.WatchRevision(key.db, key.key);
      noted = found + 1;
    }
    all_known &= !IsAtMark(key.revision);
  }
  if (all_known) session_.watch_batch = 0;
}

}  // namespace mydis

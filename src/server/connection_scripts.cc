// The part of a connection that knows scripts.
#include <algorithm>

#include "script/script_family.h"
#include "server/connection.h"
#include "server/io_thread.h"
#include "server/node.h"

namespace mydis {

// Only for calls that run at once: by the time that others run the function might be another one.
const CommandSpec* Connection::ScriptForm(const CommandSpec* spec, Args args) {
  if (!direct() || session_.in_multi) return spec;
  return ReadOnlyForm(node_.table(), spec, args, thread_.Read());
}

bool Connection::Pauses(const CommandSpec* spec, Args args) const {
  return PausesWithWrites(*spec) && !DeclaresNoWrites(node_.table(), spec, args, thread_.Read());
}

bool Connection::QueuedPauses() const {
  std::vector<std::string_view> views;
  return std::any_of(session_.queued.begin(), session_.queued.end(),
                     [&](const StoredCommand& c) { return Pauses(c.spec, c.Views(views)); });
}

}  // namespace mydis

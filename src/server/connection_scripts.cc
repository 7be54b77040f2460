// The part of a connection that knows scripts.
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

}  // namespace mydis

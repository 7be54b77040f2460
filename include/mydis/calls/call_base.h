// What all families of typed calls stand on. Standard library only.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "mydis/options.h"
#include "mydis/words.h"

namespace mydis {

// What the session has to know of a command in order to send it the right way. A wrong kRead gives
// an error, never a wrong answer.
enum class CallKind : uint8_t {
  kAny,       // Not known: treated as a write.
  kRead,      // Changes nothing: may be answered in the caller's thread, and asked again freely.
  kWrite,     // Is numbered, so that it is carried out once.
  kBlocking,  // A write that may wait for a key: it has a connection of its own meanwhile.
};

// A family of typed calls: `Answer<T>` is what a call of result T gives — Result<T> from a Session,
// Future<T> from Session::Async(), Pipeline and Transaction. `Self` sends them.
template <typename Self, template <typename> class Answer>
class CallBase {
 protected:
  template <typename T>
  Answer<T> Send(CallKind kind, const Words& words, const CallOptions& options) {
    return static_cast<Self*>(this)->template Run<T>(kind, words, options);
  }
};

}  // namespace mydis

#include "consensus/engine_runtime.h"

#include <pthread.h>
#include <signal.h>

#include <array>
#include <mutex>
#include <optional>

// What the archive would have the loader call when the program starts: cmake/Engine.cmake moves it
// out of .init_array into a section of this name, whose ends the linker tells.
extern "C" {
using GoStart = void (*)(int argc, char** argv);
extern const GoStart __start_mydis_go_start[] __attribute__((visibility("hidden")));
extern const GoStart __stop_mydis_go_start[] __attribute__((visibility("hidden")));
}

namespace mydis {
namespace {

// The runtime reads arguments and environment where a program's lie: arguments, null, environment,
// null, auxiliary vector. It needs neither; without the vector's entries it asks /proc. It keeps
// pointers to all this. Preempting by SIGURG is off: that signal is the host program's, and nothing
// in the core runs for long.
char g_debug[] = "GODEBUG=asyncpreemptoff=1";
std::array<char*, 6> g_arguments{nullptr, g_debug, nullptr, nullptr, nullptr, nullptr};

// Handlers of all signals, as they were when this was made.
class SignalHandlers {
 public:
  SignalHandlers() {
    for (int i = 1; i < NSIG; ++i) {
      struct sigaction action;
      if (sigaction(i, nullptr, &action) == 0) actions_[static_cast<size_t>(i)] = action;
    }
  }
  void Restore() const {
    for (int i = 1; i < NSIG; ++i) {
      const auto& action = actions_[static_cast<size_t>(i)];
      // Only what was changed is put back: another thread may set up its own meanwhile.
      struct sigaction now;
      if (!action || sigaction(i, nullptr, &now) != 0) continue;
      if (now.sa_flags != action->sa_flags || now.sa_sigaction != action->sa_sigaction)
        sigaction(i, &*action, nullptr);
    }
  }

 private:
  std::array<std::optional<struct sigaction>, NSIG> actions_;
};

void Start() {
  const SignalHandlers handlers;
  // Threads of the runtime have the mask of the one that starts it, but for faults.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  for (const GoStart* start = __start_mydis_go_start; start != __stop_mydis_go_start; ++start)
    (*start)(0, g_arguments.data());
  // It has set its handlers when that returns; the rest goes on in a thread of its own. The core
  // needs none of them: its faults are bugs, which end the process as all faults do.
  handlers.Restore();
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

}  // namespace

void StartEngineRuntime() {
  static std::once_flag once;
  std::call_once(once, Start);
}

}  // namespace mydis

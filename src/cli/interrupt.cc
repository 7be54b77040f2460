#include "cli/interrupt.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>

#include "base/assert.h"

namespace mydis {
namespace {

int signal_pipe = -1;  // Where the handler writes; a handler can reach nothing else.

void OnSignal(int) {
  const int saved = errno;
  // A full pipe says the same as one byte more.
  if (write(signal_pipe, "", 1) < 0) errno = 0;
  errno = saved;
}

}  // namespace

Interrupt::Interrupt() {
  int fds[2];
  MYDIS_ASSERT(pipe2(fds, O_CLOEXEC | O_NONBLOCK) == 0, "no file descriptor left for a pipe");
  read_fd_ = fds[0];
  write_fd_ = signal_pipe = fds[1];
  struct sigaction action {};
  action.sa_handler = OnSignal;
  // The Go runtime is linked into the program and wants its own threads' signals on its own stacks.
  action.sa_flags = SA_ONSTACK | SA_RESTART;
  sigaction(SIGINT, &action, nullptr);
}

Interrupt::~Interrupt() {
  signal(SIGINT, SIG_DFL);
  close(read_fd_);
  close(write_fd_);
}

bool Interrupt::Take() {
  char buffer[64];
  bool any = false;
  while (read(read_fd_, buffer, sizeof buffer) > 0) any = true;
  return any;
}

}  // namespace mydis

// Ctrl-C as something to wait for: a file descriptor.
#pragma once

namespace mydis {

// Takes SIGINT over while it lives: a Ctrl-C makes fd() readable instead of ending the process. One
// at a time, main thread.
class Interrupt {
 public:
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  int fd() const { return read_fd_; }
  // Whether Ctrl-C was pressed since the last call.
  bool Take();

 private:
  int read_fd_ = -1;
  int write_fd_ = -1;
};

}  // namespace mydis

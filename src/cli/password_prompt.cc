#include "cli/password_prompt.h"

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <string_view>

#include "net/unique_fd.h"

namespace mydis {
namespace {

bool Say(int fd, std::string_view text) { return write(fd, text.data(), text.size()) > 0; }

}  // namespace

Result<std::string> AskPassword() {
  const UniqueFd terminal(open("/dev/tty", O_RDWR | O_CLOEXEC));
  termios before{};
  if (!terminal.valid() || tcgetattr(terminal.get(), &before) != 0)
    return Fail(ErrorCode::kInvalid,
                "--askpass needs a terminal; REDISCLI_AUTH can hold the password instead");
  termios silent = before;
  silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
  tcsetattr(terminal.get(), TCSAFLUSH, &silent);
  std::string password;
  char c = '\n';
  bool good = Say(terminal.get(), "Password: ");
  while (good && read(terminal.get(), &c, 1) == 1 && c != '\n') password += c;
  good = Say(terminal.get(), "\n") && good;
  tcsetattr(terminal.get(), TCSAFLUSH, &before);
  if (!good || password.empty()) return Fail(ErrorCode::kInvalid, "no password was typed");
  return password;
}

}  // namespace mydis

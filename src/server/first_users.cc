#include "server/first_users.h"

#include <errno.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/log.h"
#include "commands/tokens.h"
#include "net/unique_fd.h"
#include "server/password.h"

namespace mydis {
namespace {

constexpr std::string_view kAdminName = "admin";
constexpr size_t kSecretDigits = 48;
constexpr size_t kMostBytes = 1024;

std::unexpected<Status> Wrong(const std::string& file, std::string_view what) {
  return Fail(ErrorCode::kInvalid, fmt::format("--admin-token-file: {} {}", file, what));
}

// What is in the file; empty if it is not there.
Result<std::string> ReadToken(const std::string& file) {
  const UniqueFd fd(open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) {
    if (errno == ENOENT) return std::string();
    return Wrong(file, fmt::format("cannot be read: {}", strerror(errno)));
  }
  struct stat about {};
  if (fstat(fd.get(), &about) == 0 && (about.st_mode & 077) != 0)
    return Wrong(file, "can be read by others than its owner: chmod 600 it");
  std::string text(kMostBytes, '\0');
  const ssize_t n = read(fd.get(), text.data(), text.size());
  if (n < 0) return Wrong(file, fmt::format("cannot be read: {}", strerror(errno)));
  text.resize(static_cast<size_t>(n));
  text.resize(text.find_last_not_of(" \r\n\t") + 1);
  if (!NameInToken(text))
    return Wrong(file, "holds no token (mydis_NAME_SECRET): remove it, and one is made");
  return text;
}

Result<std::string> MakeTokenFile(const std::string& file) {
  const std::string token = MakeToken(kAdminName, RandomHexDigits(kSecretDigits));
  const UniqueFd fd(open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR));
  const std::string line = token + "\n";
  if (!fd.valid() || write(fd.get(), line.data(), line.size()) != static_cast<ssize_t>(line.size()))
    return Wrong(file, fmt::format("cannot be written: {}", strerror(errno)));
  LogInfo("the token of the first administrator is in {}", file);
  return token;
}

}  // namespace

Result<AclUsers> FirstUsers(const ServerOptions& options) {
  AclUsers users;
  if (options.password.empty() && options.admin_token_file.empty()) return users;
  AclUser user = *users.Find(kDefaultUser);
  user.no_password = false;
  user.enabled = !options.password.empty();
  if (user.enabled) user.passwords = {HashPassword(options.password)};
  users.Put(std::move(user));
  if (options.admin_token_file.empty()) return users;
  Result<std::string> token = ReadToken(options.admin_token_file);
  if (token && token->empty()) token = MakeTokenFile(options.admin_token_file);
  if (!token) return Fail(token.error());
  AclUser admin = NewAclUser(fmt::format("{}{}", kTokenUserPrefix, *NameInToken(*token)), true);
  admin.enabled = admin.root.all_keys = admin.root.all_commands = true;
  admin.passwords = {HashPassword(*token)};
  users.Put(std::move(admin));
  return users;
}

void WarnOfOtherPassword(const ServerOptions& options, const AclUsers& users) {
  if (options.password.empty()) return;
  const AclUser& user = *users.Find(kDefaultUser);
  const std::string hash = HashPassword(options.password);
  if (!user.no_password && std::ranges::find(user.passwords, hash) != user.passwords.end()) return;
  LogWarning(
      "--password (MYDIS_PASSWORD) is not the password of the user {}: it counts only when a "
      "cluster is founded; to change it, ACL SETUSER {} resetpass '>NEW'",
      kDefaultUser, kDefaultUser);
}

}  // namespace mydis

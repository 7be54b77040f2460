#include "net/cluster_keys.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/assert.h"
#include "net/unique_fd.h"

namespace mydis {
namespace {

constexpr size_t kSecretSize = 32;
constexpr size_t kNameSize = 16;
constexpr size_t kLargestFile = 1 << 20;

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool FromHex(std::string_view text, std::string* bytes) {
  if (text.size() != 2 * kSecretSize) return false;
  for (size_t i = 0; i < text.size(); i += 2) {
    const int high = HexDigit(text[i]), low = HexDigit(text[i + 1]);
    if (high < 0 || low < 0) return false;
    bytes->push_back(static_cast<char>(high * 16 + low));
  }
  return true;
}

std::string ToHex(const unsigned char* bytes, size_t size) {
  std::string text;
  for (size_t i = 0; i < size; ++i) text += fmt::format("{:02x}", bytes[i]);
  return text;
}

// The beginning of the secret's SHA-256 in hexadecimal.
std::string NameOf(const std::string& secret) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  MYDIS_ASSERT(EVP_Digest(secret.data(), secret.size(), digest, &size, EVP_sha256(), nullptr) == 1,
               "OpenSSL has SHA-256");
  return ToHex(digest, kNameSize / 2);
}

Result<std::string> ReadAll(int fd) {
  std::string text;
  char buffer[4096];
  ssize_t n;
  while ((n = read(fd, buffer, sizeof buffer)) > 0 && text.size() <= kLargestFile)
    text.append(buffer, static_cast<size_t>(n));
  if (n < 0) return Fail(ErrorCode::kIo, std::strerror(errno));
  if (text.size() > kLargestFile) return Fail(ErrorCode::kInvalid, "it is too large for one");
  return text;
}

Result<std::string> ReadPrivateFile(const std::string& file) {
  const UniqueFd fd(open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (fd.get() < 0) return Fail(ErrorCode::kIo, std::strerror(errno));
  struct stat found {};
  if (fstat(fd.get(), &found) != 0) return Fail(ErrorCode::kIo, std::strerror(errno));
  // Root's may be readable to a group that has this process in it: so it is with secrets in
  // containers, of which a process without privileges owns none.
  const bool lent = found.st_uid == 0 && geteuid() != 0;
  if ((found.st_mode & (S_IRWXG | S_IRWXO) & ~(lent ? S_IRGRP : 0)) != 0) {
    return Fail(ErrorCode::kNoPermission,
                fmt::format("others than its owner have access to it (mode {:04o}): chmod 600 {}",
                            found.st_mode & 07777, file));
  }
  return ReadAll(fd.get());
}

}  // namespace

std::string GenerateClusterKey() {
  unsigned char secret[kSecretSize];
  MYDIS_ASSERT(RAND_priv_bytes(secret, sizeof secret) == 1, "OpenSSL has random numbers");
  return ToHex(secret, sizeof secret);
}

Result<std::vector<ClusterKey>> ParseClusterKeys(std::string_view text) {
  std::vector<ClusterKey> keys;
  for (size_t line_number = 1; !text.empty(); ++line_number) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    while (!line.empty() && (line.back() == ' ' || line.back() == '\r' || line.back() == '\t'))
      line.remove_suffix(1);
    if (line.empty() || line.front() == '#') continue;
    ClusterKey key;
    if (!FromHex(line, &key.secret)) {
      return Fail(ErrorCode::kInvalid,
                  fmt::format("line {} is no cluster key: 64 hexadecimal digits make one (mydis "
                              "cluster keygen)",
                              line_number));
    }
    key.name = NameOf(key.secret);
    keys.push_back(std::move(key));
  }
  if (keys.empty())
    return Fail(ErrorCode::kInvalid, "there is no cluster key (mydis cluster keygen makes one)");
  return keys;
}

Result<std::vector<ClusterKey>> LoadClusterKeys(const std::string& file) {
  const Result<std::string> text = ReadPrivateFile(file);
  const auto failed = [&file](const Status& status) {
    return Fail(status.code(),
                fmt::format("the cluster key file {} cannot be used: {}", file, status.message()));
  };
  if (!text) return failed(text.error());
  auto keys = ParseClusterKeys(*text);
  if (!keys) return failed(keys.error());
  return keys;
}

std::string NamesOf(const std::vector<ClusterKey>& keys) {
  std::string names;
  for (const ClusterKey& key : keys) names += (names.empty() ? "" : ", ") + key.name;
  return names;
}

}  // namespace mydis

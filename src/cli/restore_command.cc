// `mydis restore`: replaces all keys of a running cluster by those of a backup.
#include <fmt/core.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "cli/addresses.h"
#include "cli/backup_file.h"
#include "cli/command_line.h"
#include "cli/confirm.h"
#include "cli/input_file.h"
#include "cli/key_summary.h"
#include "cli/progress.h"
#include "cli/remote_call.h"
#include "cli/subcommands.h"
#include "consensus/snapshot_scanner.h"

namespace mydis {
namespace {

constexpr std::string_view kProgram = "mydis restore";
constexpr std::string_view kTimeout = "10m";
constexpr size_t kPieceBytes = 1 << 20;
// Pieces that may be on their way.
constexpr int kWindow = 4;

constexpr OptionSpec kOptions[] = {
    {"--yes", "", "do not ask before all keys are replaced"},
    kAddressOption,
    kHostOption,
    kPortOption,
    kUserOption,
    kPasswordOption,
    kTokenOption,
    kTlsOption,
    kTlsCaOption,
    kTlsCertOption,
    kTlsKeyOption,
    kTlsNameOption,
    {"--timeout", "D", "how long to wait for an answer", kTimeout},
};

constexpr ExampleSpec kExamples[] = {
    {"mydis restore monday.backup", "asks before it replaces what is there"},
    {"zstd -dc monday.backup.zst | mydis restore --yes -", "in a script"},
};

constexpr CommandLineSpec kCommandLine = {
    .program = kProgram,
    .summary = "Replaces all keys and scripts of a running cluster by those of a backup.",
    .usage = "[OPTION]... FILE",
    .options = kOptions,
    .max_words = 1,
    .footer =
        "FILE is what mydis backup wrote, of this cluster or another; - reads standard "
        "input.\nService goes on meanwhile. All instances change at once, at the end: after "
        "a failure the keys are\nthe old ones. Users, tokens and settings stay as they are.",
    .examples = kExamples,
    .words = "F",
};

Status VerifyFile(const std::string& path, uint64_t size) {
  auto file = OpenBackup(path);
  if (!file) return file.error();
  auto scanner = SnapshotScanner::Open(**file, path);
  if (!scanner) return BackupError(scanner.error());
  Progress progress({.label = "check", .total = size});
  while (true) {
    auto block = (*scanner)->Next();
    if (!block) return BackupError(block.error());
    if (block->empty()) return Status::Ok();
    progress.Update((*scanner)->offset());
  }
}

class Restore {
 public:
  Restore(RemoteConnection& connection, const InputFile& input)
      : connection_(connection), input_(input) {}

  // The number of keys that were there, for the question.
  Result<uint64_t> KeysThere() {
    const auto reply = Call({"INFO", "keyspace"});
    if (!reply) return Fail(reply.error());
    constexpr std::string_view kField = ":keys=";
    uint64_t keys = 0;
    const std::string& text = reply->text;
    for (size_t at = text.find(kField); at != std::string::npos; at = text.find(kField, at + 1))
      keys += std::strtoull(text.c_str() + at + kField.size(), nullptr, 10);
    return keys;
  }

  Status Run() {
    Status status = Upload();
    if (status.ok()) status = Repeat("check", "CHECK");
    if (status.ok()) status = Step("BEGIN");
    if (status.ok()) status = Repeat("restore", "FEED");
    if (status.ok()) status = Step("COMMIT");
    // What was brought into the log by then would wait there for a minute.
    if (!status.ok() && connection_.connected() && !Step("END").ok()) connection_.Close();
    return status;
  }

  uint64_t bytes() const { return bytes_; }

 private:
  Result<RespValue> Checked(Result<RespValue> reply) {
    if (reply && reply->is_error()) return Fail(ErrorCode::kUnavailable, ErrorText(*reply));
    return reply;
  }
  Result<RespValue> Call(const std::vector<std::string>& words) {
    return Checked(connection_.Command(words));
  }
  Status Step(const std::string& step) {
    const auto reply = Call({"MYDIS", "RESTORE", step});
    return reply ? Status::Ok() : reply.error();
  }

  Status TakeReply() {
    const auto reply = Checked(connection_.Receive());
    return reply ? Status::Ok() : reply.error();
  }

  Status Upload() {
    Progress progress({.label = "upload", .total = input_.size.value_or(0)});
    std::string piece(kPieceBytes, '\0');
    int on_the_way = 0;
    while (true) {
      const ssize_t n = read(input_.descriptor.get(), piece.data(), piece.size());
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return {ErrorCode::kIo, std::strerror(errno)};
      if (n == 0) break;
      const auto size = static_cast<size_t>(n);
      Status status = connection_.Send(
          std::vector<std::string>{"MYDIS", "RESTORE", "UPLOAD", piece.substr(0, size)});
      if (status.ok() && ++on_the_way > kWindow) {
        --on_the_way;
        status = TakeReply();
      }
      if (!status.ok()) return status;
      bytes_ += size;
      progress.Update(bytes_);
    }
    for (; on_the_way > 0; --on_the_way)
      if (Status status = TakeReply(); !status.ok()) return status;
    return bytes_ > 0 ? Status::Ok() : Status(ErrorCode::kInvalid, "there is nothing in the file");
  }

  // A step that says 1 until it is done; each time does about a piece of the file.
  Status Repeat(const std::string& label, const std::string& step) {
    Progress progress({.label = label, .total = bytes_});
    for (uint64_t done = kPieceBytes;; done += kPieceBytes) {
      const auto reply = Call({"MYDIS", "RESTORE", step});
      if (!reply) return reply.error();
      if (reply->integer == 0) return Status::Ok();
      progress.Update(std::min(done, bytes_));
    }
  }

  RemoteConnection& connection_;
  const InputFile& input_;
  uint64_t bytes_ = 0;
};

// kBusy: the user said no.
Status RestoreFile(const std::string& path, const InputFile& input, bool yes,
                   RemoteConnection::Options options, const std::vector<std::string>& login,
                   uint64_t* bytes) {
  if (input.size)
    if (Status status = VerifyFile(path, *input.size); !status.ok()) return status;
  RemoteConnection connection(std::move(options));
  if (Status status = ConnectAndLogIn(connection, login); !status.ok()) return status;
  Restore restore(connection, input);
  if (!yes) {
    const auto keys = restore.KeysThere();
    if (!keys) return keys.error();
    if (!Confirm(fmt::format("Replace {} of the cluster at {} by those of {}?", KeysText(*keys),
                             connection.address().ToString(), path)))
      return {ErrorCode::kBusy, "nothing was changed"};
  }
  Status status = restore.Run();
  *bytes = restore.bytes();
  return status;
}

int Failure(const Status& status) {
  fmt::print(stderr, "{}: {}\n", kProgram, status.message());
  return kExitFailed;
}

}  // namespace

const CommandLineSpec& RestoreCommandLine() { return kCommandLine; }

int RestoreMain(const CommandLine& line) {
  if (line.words.empty()) return UsageError(kProgram, "give the file, or - for standard input");
  const std::string& path = line.words[0];
  const auto input = InputFile::Open(path);
  if (!input) return Failure(input.error());
  const bool yes = line.Has("yes");
  if (!yes && (path == "-" || !CanAsk()))
    return UsageError(kProgram, "this replaces all keys of the cluster: give --yes");
  Result<RemoteConnection::Options> connection = ReadConnection(line, kTimeout);
  if (!connection) return UsageError(kProgram, connection.error().message());
  uint64_t bytes = 0;
  const Status status =
      RestoreFile(path, *input, yes, *std::move(connection), ReadLogin(line), &bytes);
  if (!status.ok()) return Failure(status);
  fmt::print("restored {} from {}\n", BytesText(bytes), path);
  return kExitOk;
}

}  // namespace mydis

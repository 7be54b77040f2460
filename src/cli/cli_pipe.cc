// --pipe: commands by the thousands, without a round trip for each.
#include <fmt/core.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "cli/cli_modes.h"
#include "cli/progress.h"
#include "cli/retrying_connection.h"
#include "protocol/resp_parser.h"

namespace mydis {
namespace {

constexpr size_t kReadSize = size_t{1} << 20;

// Runs commands and counts their replies.
class Pipe {
 public:
  explicit Pipe(const CliOptions& options)
      : progress_({.label = "pipe", .items = "commands"}),
        retrying_(options.session.retrying, [this](const std::string& line) { Notice(line); }),
        parser_(limits_) {}

  int Run();

 private:
  Status ReadAndSend();
  Status Start(std::span<const std::string_view> words);
  Status RunInput();
  Status TakeReply();
  std::string Others() const;
  void Notice(const std::string& line) {
    progress_.Clear();
    fmt::print(stderr, "mydis cli: {}\n", line);
  }

  Progress progress_;
  RetryingConnection retrying_;
  const RespLimits limits_;
  RespParser parser_;
  RequestBatch batch_;
  std::string input_;
  uint64_t bytes_ = 0;
  uint64_t replies_ = 0;
  uint64_t errors_ = 0;
};

Status Pipe::TakeReply() {
  const Result<RespValue> reply = retrying_.Next();
  if (!reply) return reply.error();
  ++replies_;
  // One is enough to see what is wrong; the others are counted.
  if (reply->is_error() && ++errors_ == 1)
    Notice(fmt::format("command {} of the input: {}", replies_, reply->text));
  return Status::Ok();
}

Status Pipe::Start(std::span<const std::string_view> words) {
  const CommandTraits traits = TraitsOf(words);
  // Whose answer is whose could not be told behind it.
  if (!traits.has_one_answer)
    return {ErrorCode::kInvalid,
            fmt::format("command {} of the input is {}, which has not one answer like others: run "
                        "it without --pipe",
                        replies_ + retrying_.under_way() + 1, words[traits.prefixes])};
  retrying_.Start(words, traits);
  while (retrying_.full())
    if (Status s = TakeReply(); !s.ok()) return s;
  return Status::Ok();
}

// Runs what is complete of the input, and takes it off.
Status Pipe::RunInput() {
  std::string_view rest = input_;
  size_t done = RespParser::kMaxBatch;
  while (done == RespParser::kMaxBatch || parser_.target_full()) {
    parser_.Parse(rest, batch_);
    done = batch_.size();
    for (size_t i = 0; i < done; ++i)
      if (Status s = Start(batch_[i].args); !s.ok()) return s;
    const std::string error(batch_.error());
    rest.remove_prefix(parser_.Consume(batch_, done));
    if (!error.empty()) return {ErrorCode::kInvalid, error};
  }
  input_.erase(0, input_.size() - rest.size());
  return Status::Ok();
}

bool InputWaits() {
  pollfd input = {STDIN_FILENO, POLLIN, 0};
  return poll(&input, 1, 0) > 0;
}

Status Pipe::ReadAndSend() {
  std::string buffer(kReadSize, '\0');
  while (true) {
    // A long value's end goes where the parser wants it.
    const std::span<char> target = parser_.Target();
    const std::span<char> into = target.empty() ? std::span<char>(buffer) : target;
    const ssize_t n = read(STDIN_FILENO, into.data(), into.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return {ErrorCode::kIo, std::strerror(errno)};
    if (n == 0) break;
    bytes_ += static_cast<uint64_t>(n);
    if (target.empty()) {
      input_.append(buffer, 0, static_cast<size_t>(n));
    } else {
      parser_.TargetFilled(static_cast<size_t>(n));
    }
    Status status = RunInput();
    // Input may come slowly: what is there is answered before more is waited for.
    while (retrying_.under_way() > 0 && (!status.ok() || !InputWaits()))
      if (Status s = TakeReply(); !s.ok()) return s;
    if (!status.ok()) return status;
    progress_.Update(bytes_, replies_);
  }
  while (retrying_.under_way() > 0)
    if (Status s = TakeReply(); !s.ok()) return s;
  if (!input_.empty() || !parser_.Target().empty())
    return {ErrorCode::kInvalid, "the last command of the input is not complete"};
  return Status::Ok();
}

// What has become of those behind the one that has failed.
std::string Pipe::Others() const {
  const size_t doubtful = retrying_.in_doubt_behind();
  return doubtful == 0 ? "" : fmt::format("; {} behind it may have taken effect, too", doubtful);
}

int Pipe::Run() {
  Status status = retrying_.Connect();
  if (!status.ok()) {
    fmt::print(stderr, "{}\n", status.message());
    return kExitFailed;
  }
  status = ReadAndSend();
  progress_.Clear();
  if (!status.ok()) {
    Notice(fmt::format("{}; {} commands were answered before{}", status.message(), replies_,
                       Others()));
    return kExitFailed;
  }
  fmt::print("errors: {}, replies: {}\n", errors_, replies_);
  return errors_ == 0 ? kExitOk : kExitFailed;
}

}  // namespace

int RunRawPipe(const CliOptions& options) { return Pipe(options).Run(); }

}  // namespace mydis

// --pipe: commands by the thousands, without a round trip for each.
#include <fmt/core.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "cli/cli_modes.h"
#include "cli/progress.h"
#include "protocol/resp_parser.h"

namespace mydis {
namespace {

constexpr size_t kReadSize = size_t{1} << 20;

struct Counts {
  uint64_t replies = 0;
  uint64_t errors = 0;
  uint64_t bytes = 0;
};

int Failure(std::string_view message, const Counts& counts) {
  fmt::print(stderr, "mydis cli: {}; {} commands were answered before\n", message, counts.replies);
  return kExitFailed;
}

// Sends the commands of a batch and takes their replies.
Status SendBatch(CliSession& session, const RequestBatch& batch, Counts& counts) {
  std::vector<std::vector<std::string>> commands;
  for (size_t i = 0; i < batch.size(); ++i)
    commands.emplace_back(batch[i].args.begin(), batch[i].args.end());
  const Result<std::vector<RespValue>> replies = session.CallAll(commands);
  if (!replies) return replies.error();
  for (const RespValue& reply : *replies) {
    ++counts.replies;
    if (!reply.is_error()) continue;
    // One is enough to see what is wrong; the others are counted.
    if (++counts.errors == 1)
      fmt::print(stderr, "mydis cli: command {} of the input: {}\n", counts.replies, reply.text);
  }
  return Status::Ok();
}

// Runs what is complete of `input`, and takes it off.
Status RunInput(CliSession& session, RespParser& parser, std::string& input, Counts& counts) {
  RequestBatch batch;
  size_t done = RespParser::kMaxBatch;
  while (done == RespParser::kMaxBatch || parser.target_full()) {
    parser.Parse(input, batch);
    done = batch.size();
    if (Status s = SendBatch(session, batch, counts); !s.ok()) return s;
    const std::string error(batch.error());
    input.erase(0, parser.Consume(batch, done));
    if (!error.empty()) return {ErrorCode::kInvalid, error};
  }
  return Status::Ok();
}

}  // namespace

int RunRawPipe(const CliOptions& options) {
  CliSession session(options.session, nullptr);
  if (!session.Connect()) return kExitFailed;
  const RespLimits limits;
  RespParser parser(limits);
  Progress progress({.label = "pipe", .items = "commands"});
  Counts counts;
  std::string input;
  std::string buffer(kReadSize, '\0');
  while (true) {
    // A long value's end goes where the parser wants it.
    const std::span<char> target = parser.Target();
    const std::span<char> into = target.empty() ? std::span<char>(buffer) : target;
    const ssize_t n = read(STDIN_FILENO, into.data(), into.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return Failure(std::strerror(errno), counts);
    if (n == 0) break;
    counts.bytes += static_cast<uint64_t>(n);
    if (target.empty()) {
      input.append(buffer, 0, static_cast<size_t>(n));
    } else {
      parser.TargetFilled(static_cast<size_t>(n));
    }
    if (Status s = RunInput(session, parser, input, counts); !s.ok())
      return Failure(s.message(), counts);
    progress.Update(counts.bytes, counts.replies);
  }
  progress.Clear();
  if (!input.empty() || !parser.Target().empty())
    return Failure("the last command of the input is not complete", counts);
  fmt::print("errors: {}, replies: {}\n", counts.errors, counts.replies);
  return counts.errors == 0 ? kExitOk : kExitFailed;
}

}  // namespace mydis

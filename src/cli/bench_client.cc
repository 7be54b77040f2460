#include <fmt/core.h>

#include <utility>

#include "cli/bench_worker.h"
#include "client/strange_reply.h"

namespace mydis {
namespace {

constexpr uint32_t kConnectTimeoutMs = 5000;
constexpr uint64_t kReconnectDelayMs = 100;

// The load generator reads as fast as it can, and what it sends is bounded by the pipeline.
constexpr ByteStream::Options kStreamOptions = {.output_high = 0, .output_low = 0};

}  // namespace

BenchClient::BenchClient(BenchWorker& worker, size_t first_address)
    : worker_(worker), address_(first_address) {}

const HostPort& BenchClient::address() const {
  const std::vector<HostPort>& all = worker_.options_.addresses;
  return all[address_ % all.size()];
}

uint64_t BenchClient::room() const {
  return ready_ ? worker_.options_.pipeline - since_us_.size() : 0;
}

void BenchClient::Connect() {
  connector_ = std::make_unique<TcpConnector>(
      *worker_.loop_, worker_.resolver_, address().host, address().port, kConnectTimeoutMs,
      [this](Result<int> fd) { OnConnected(std::move(fd)); });
}

void BenchClient::OnConnected(Result<int> fd) {
  if (!fd) return ConnectLater(fd.error());
  const LoadOptions& options = worker_.options_;
  std::unique_ptr<StreamFilter> filter;
  if (options.tls) {
    const bool named = !options.tls_server_name.empty();
    filter = options.tls->MakeFilter(true, named ? options.tls_server_name : address().host);
  }
  stream_ =
      std::make_unique<ByteStream>(*worker_.loop_, *fd, this, kStreamOptions, std::move(filter));
  scanner_ = ReplyScanner();
  Greet();
}

void BenchClient::Greet() {
  Random unused(0);
  for (const std::vector<std::string>& words : worker_.options_.greeting)
    CommandTemplate(words, {}).Append(stream_->Tail(), unused, 1);
  greetings_left_ = worker_.options_.greeting.size();
}

void BenchClient::ConnectLater(const Status& why) {
  ++address_;
  ++failures_;
  worker_.ConnectFailed(failures_, {ErrorCode::kUnavailable, why.message()});
  worker_.loop_->AddTimer(kReconnectDelayMs, [this] { Connect(); });
}

void BenchClient::Send(uint64_t count, uint64_t since_us) {
  std::string& out = stream_->Tail();
  for (uint64_t i = 0; i < count; ++i) {
    worker_.command_.Append(out, worker_.random_, worker_.options_.keyspace);
    since_us_.push_back(since_us);
  }
}

size_t BenchClient::OnData(ByteStream& stream, std::string_view bytes) {
  size_t used = 0;
  const uint64_t now = worker_.NowUs();
  while (!stream.closed()) {
    const ReplyScanner::Outcome outcome = scanner_.Next(bytes, &used);
    if (outcome == ReplyScanner::Outcome::kReply) {
      OnReply(stream, now);
      continue;
    }
    if (outcome == ReplyScanner::Outcome::kBroken)
      stream.Close({ErrorCode::kCorrupt, StrangeReply(bytes.substr(used))});
    break;
  }
  if (ready_ && !stream.closed()) worker_.ClientIdle(*this);
  return used;
}

void BenchClient::OnReply(ByteStream& stream, uint64_t now_us) {
  if (greetings_left_ > 0) {
    if (scanner_.kind() == ReplyScanner::Kind::kError) {
      worker_.Fail(
          {ErrorCode::kUnavailable, fmt::format("{}: {}", address().ToString(), scanner_.error())});
      return stream.Close();
    }
    if (--greetings_left_ > 0) return;
    ready_ = true;
    failures_ = 0;
    worker_.ClientReady();
    return;
  }
  if (since_us_.empty())
    return stream.Close({ErrorCode::kCorrupt, "a reply came that nothing was sent for"});
  const uint64_t since = since_us_.front();
  since_us_.pop_front();
  worker_.Answered(since, now_us, scanner_);
}

void BenchClient::OnClosed(ByteStream&, const Status& reason) {
  const std::string why = !reason.ok() ? reason.message()
                          : ready_     ? "the connection ended"
                                       : StrangeReply({});
  const Status status(ErrorCode::kIo, fmt::format("{}: {}", address().ToString(), why));
  const bool was_ready = std::exchange(ready_, false);
  const uint64_t lost = since_us_.size();
  since_us_.clear();
  stream_.reset();
  if (was_ready) worker_.ClientLost(lost);
  ConnectLater(status);
}

}  // namespace mydis

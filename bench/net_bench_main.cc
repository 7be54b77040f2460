// The floor of what a GET costs on src/net and src/protocol: a server that knows GET and PING and
// holds KEYS keys of redis-benchmark's form, with values of VALUE_SIZE bytes. bench/net_bench.sh
// compares its CPU time per command with redis-server's.
//
//   net_bench PORT KEYS VALUE_SIZE
#include <fmt/core.h>
#include <signal.h>
#include <unistd.h>

#include <bit>
#include <cstdlib>
#include <memory>
#include <unordered_map>
#include <vector>

#include "base/hash.h"
#include "net/byte_stream.h"
#include "net/tcp.h"
#include "protocol/resp_parser.h"
#include "protocol/resp_writer.h"

namespace mydis {
namespace {

// A table that is filled once: slots of hash and record, records of key and value side by side.
class FlatTable {
 public:
  FlatTable(size_t keys, size_t value_size)
      : mask_(std::bit_ceil(keys * 2) - 1), slots_(mask_ + 1), arena_(keys * (16 + value_size)) {
    char* p = arena_.data();
    for (size_t i = 0; i < keys; ++i) {
      const std::string key = fmt::format("key:{:012}", i);
      uint64_t at = Hash64(key) & mask_;
      while (slots_[at].record != nullptr) at = (at + 1) & mask_;
      slots_[at] = {Hash64(key), p};
      memcpy(p, key.data(), 16);
      memset(p + 16, 'x', value_size);
      p += 16 + value_size;
    }
    value_size_ = value_size;
  }

  void PrefetchSlot(uint64_t hash) const { __builtin_prefetch(&slots_[hash & mask_]); }
  void PrefetchRecord(uint64_t hash) const {
    const char* record = slots_[hash & mask_].record;
    __builtin_prefetch(record);
    __builtin_prefetch(record + 16 + value_size_ - 1);
  }
  // Null if there is none.
  const char* Find(uint64_t hash, std::string_view key) const {
    for (uint64_t at = hash & mask_; slots_[at].record != nullptr; at = (at + 1) & mask_) {
      if (slots_[at].hash == hash && key == std::string_view(slots_[at].record, 16))
        return slots_[at].record + 16;
    }
    return nullptr;
  }
  size_t value_size() const { return value_size_; }

 private:
  struct Slot {
    uint64_t hash = 0;
    const char* record = nullptr;
  };
  uint64_t mask_;
  std::vector<Slot> slots_;
  std::vector<char> arena_;
  size_t value_size_;
};

class Server;

class Session final : public StreamHandler {
 public:
  Session(Server& server, EventLoop& loop, int fd);
  size_t OnData(ByteStream& stream, std::string_view bytes) override;
  std::span<char> ReadTarget() override { return parser_.Target(); }
  void OnTargetFilled(ByteStream&, size_t n) override { parser_.TargetFilled(n); }
  void OnClosed(ByteStream& stream, const Status& reason) override;

 private:
  void Run(const RespRequest& request, uint64_t hash, RespWriter& writer);

  Server& server_;
  RespParser parser_;
  ByteStream stream_;
};

class Server {
 public:
  Server(EventLoop& event_loop, size_t keys, size_t value_size)
      : loop(event_loop), table(keys, value_size) {}

  EventLoop& loop;
  FlatTable table;
  RespLimits limits;
  ByteStream::Options stream_options;
  RequestBatch batch;
  std::vector<uint64_t> hashes;
  std::unordered_map<Session*, std::unique_ptr<Session>> sessions;
};

Session::Session(Server& server, EventLoop& loop, int fd)
    : server_(server), parser_(server.limits), stream_(loop, fd, this, server.stream_options) {}

size_t Session::OnData(ByteStream& stream, std::string_view bytes) {
  RequestBatch& batch = server_.batch;
  parser_.Parse(bytes, batch);
  const FlatTable& table = server_.table;
  std::vector<uint64_t>& hashes = server_.hashes;
  hashes.resize(batch.size());
  if (batch.size() > 1) {
    for (size_t i = 0; i < batch.size(); ++i) {
      hashes[i] = Hash64(batch[i].args.back());
      table.PrefetchSlot(hashes[i]);
    }
    for (size_t i = 0; i < batch.size(); ++i) table.PrefetchRecord(hashes[i]);
  } else if (batch.size() == 1) {
    hashes[0] = Hash64(batch[0].args.back());
  }
  RespWriter writer(stream.Tail(), 2);
  for (size_t i = 0; i < batch.size(); ++i) Run(batch[i], hashes[i], writer);
  if (!batch.error().empty()) {
    writer.Error("ERR " + std::string(batch.error()));
    stream.CloseAfterFlush();
  }
  return parser_.Consume(batch, batch.size());
}

void Session::Run(const RespRequest& request, uint64_t hash, RespWriter& writer) {
  const std::string_view name = request.args[0];
  if (name == "GET" && request.args.size() == 2) {
    const char* value = server_.table.Find(hash, request.args[1]);
    if (value == nullptr) return writer.Null();
    writer.Bulk({value, server_.table.value_size()});
  } else if (name == "PING") {
    writer.Simple("PONG");
  } else {
    writer.Error("ERR unknown command");
  }
}

void Session::OnClosed(ByteStream&, const Status&) { server_.sessions.erase(this); }

int Main(int argc, char** argv) {
  if (argc != 4) {
    fmt::print(stderr, "usage: net_bench PORT KEYS VALUE_SIZE\n");
    return 2;
  }
  auto loop = EventLoop::Create();
  if (!loop) {
    fmt::print(stderr, "{}\n", loop.error().message());
    return 1;
  }
  Server server(**loop, std::strtoul(argv[2], nullptr, 10), std::strtoul(argv[3], nullptr, 10));
  const auto port = static_cast<uint16_t>(std::strtoul(argv[1], nullptr, 10));
  auto listener = TcpListener::Listen(**loop, "127.0.0.1", port, [&](int fd) {
    auto session = std::make_unique<Session>(server, **loop, fd);
    Session* key = session.get();
    server.sessions.emplace(key, std::move(session));
  });
  if (!listener) {
    fmt::print(stderr, "{}\n", listener.error().message());
    return 1;
  }
  (*loop)->Run();
  return 0;
}

}  // namespace
}  // namespace mydis

int main(int argc, char** argv) { return mydis::Main(argc, argv); }

// Parses what Redis clients send: arrays of bulk strings, and lines ("inline commands").
//
// A connection has a RespParser (its limits and where it stands), a thread has a RequestBatch
// (memory that every parse uses again). One call parses all requests that are complete, so that the
// caller sees the whole pipeline, and can hash and prefetch its keys, before it runs the first:
//
//   size_t OnData(ByteStream&, std::string_view bytes) {
//     parser.Parse(bytes, batch);
//     size_t done = 0;
//     while (done < batch.size() && MayGoOn()) Run(batch[done++].args);
//     if (done == batch.size() && !batch.error().empty()) { WriteError(batch.error()); Close…; }
//     return parser.Consume(batch, done);
//   }
//
// Every Parse is followed by one Consume. What was not consumed is parsed again by the next Parse,
// together with what has arrived since. A request may be split anywhere. An argument much longer
// than what has arrived of it is not waited for in the caller's buffer: Consume takes its beginning
// over, and the rest belongs into Target() (StreamHandler::ReadTarget returns that, OnTargetFilled
// calls TargetFilled, and OnData comes after that, perhaps with no bytes: the argument may be
// complete). Its memory grows as bytes arrive, whatever length was announced.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/growing_bytes.h"

namespace mydis {

// A limit that one thread may change while others parse.
class ChangingLimit {
 public:
  ChangingLimit(uint64_t value) : value_(value) {}  // NOLINT(google-explicit-constructor)
  ChangingLimit(const ChangingLimit& other) : value_(uint64_t{other}) {}
  ChangingLimit& operator=(const ChangingLimit& other) { return *this = uint64_t{other}; }
  ChangingLimit& operator=(uint64_t value) {
    value_.store(value, std::memory_order_relaxed);
    return *this;
  }
  operator uint64_t() const {  // NOLINT(google-explicit-constructor)
    return value_.load(std::memory_order_relaxed);
  }

 private:
  std::atomic<uint64_t> value_;
};

// The protocol's limits. One object serves many parsers; changes take effect at the next Parse.
struct RespLimits {
  uint64_t max_arguments = INT32_MAX;            // "invalid multibulk length"
  ChangingLimit max_bulk = uint64_t{512} << 20;  // proto-max-bulk-len: "invalid bulk length"
  uint64_t max_line = 64 * 1024;                 // "too big inline request" and such
  uint64_t max_unauthenticated_arguments = 10;   // "unauthenticated multibulk length"
  uint64_t max_unauthenticated_bulk = 16384;     // "unauthenticated bulk length"
  // A request of more bytes than this in all is refused (client-query-buffer-limit).
  // So are the commands of a transaction.
  uint64_t max_request = uint64_t{1} << 30;
};

struct RespRequest {
  std::span<const std::string_view> args;  // Never empty.
};

// The requests of one Parse. Views point into the parsed input, into the parser or in here, and are
// good until Consume. One thread.
class RequestBatch {
 public:
  size_t size() const { return requests_.size(); }
  bool empty() const { return requests_.empty(); }
  RespRequest operator[](size_t i) const {
    const Item& r = requests_[i];
    return {{args_.data() + r.first, r.count}};
  }
  // "Protocol error: …" if after these requests something follows that is no request: answer it
  // with
  // "-ERR " before it and close. Else empty.
  std::string_view error() const { return error_; }

 private:
  friend class RespParser;
  struct Item {
    size_t first;  // In args_.
    size_t count;
    size_t end;  // Input bytes up to the end of this request.
  };
  void Clear(std::string_view input);
  // Ends the request whose arguments are args_[first, …).
  void Close(size_t first, size_t end) { requests_.push_back({first, args_.size() - first, end}); }

  std::vector<std::string_view> args_;
  std::vector<Item> requests_;
  std::deque<std::string> unquoted_;  // Arguments of lines, with their quotes taken off.
  std::string error_;
  std::string_view input_;
  size_t taken_ = 0;   // Input bytes that moved into the parser.
  size_t parsed_ = 0;  // Input bytes up to the incomplete request at the end, if there is one.
  // That request: its arguments are args_[tail_first_, …), `tail_remaining_` are to come, from the
  // input's tail_position_ on.
  size_t tail_first_ = 0;
  uint64_t tail_remaining_ = 0;
  size_t tail_position_ = 0;
};

class RespParser {
 public:
  // `limits` must outlive the parser.
  explicit RespParser(const RespLimits& limits) : limits_(&limits) {}

  // While false, the limits for clients that have not logged in hold, and a batch has one request
  // at most, since it may be the login.
  void set_authenticated(bool yes) { authenticated_ = yes; }

  // Fills `batch` (cleared first) with the complete requests at the start of `input`, at most
  // kMaxBatch. Empty ones ("*0", empty lines) are skipped. `input` begins with the bytes that were
  // not consumed before.
  void Parse(std::string_view input, RequestBatch& batch);

  // The first `done` requests of the batch are dealt with; gives how many bytes of the input are
  // used up. Nothing of the batch may be used after it.
  size_t Consume(RequestBatch& batch, size_t done);

  // Where the next bytes of the connection belong, if not into Parse; empty otherwise.
  std::span<char> Target();
  void TargetFilled(size_t n);

  // True if the next Parse will make progress even without further input.
  bool target_full() const;

  // Memory held besides the object itself.
  size_t memory() const;

  static constexpr size_t kMaxBatch = 1024;
  // An argument of which at least this much is still to come is read into Target().
  static constexpr size_t kLargeRest = 32 * 1024;
  // A longer request that is incomplete is not parsed again from its start.
  static constexpr size_t kLongRequest = 4096;

 private:
  enum class Step : uint8_t { kDone, kNeedMore, kError };
  // An argument of a request under way: in the input, or in `owned`.
  struct Argument {
    size_t offset;
    size_t size;
    int32_t owned;  // Index, or -1.
  };
  // A request under way that is long. Offsets count from where the next Parse's input begins.
  struct Partial {
    uint64_t remaining = 0;  // Arguments not parsed yet.
    size_t position = 0;     // Of the next one.
    uint64_t bytes = 0;      // Of the request that have left the input.
    bool filling = false;    // owned.back() is an argument that has not arrived in full.
    std::vector<Argument> arguments;
    std::vector<GrowingBytes> owned;
  };

  template <typename Sink>
  Step ParseArguments(std::string_view input, size_t* position, uint64_t* remaining, Sink&& sink,
                      RequestBatch& batch);
  Step ParseCount(std::string_view input, size_t* position, uint64_t* count, RequestBatch& batch);
  Step ParseBulkSize(std::string_view input, size_t* position, uint64_t* size, RequestBatch& batch);
  Step ParseLine(std::string_view input, size_t* position, RequestBatch& batch);
  Step Fail(RequestBatch& batch, std::string_view what);
  bool ContinuePartial(RequestBatch& batch);
  void FinishFilling();
  void SavePartial(RequestBatch& batch);
  bool TakeLarge(std::string_view input);

  const RespLimits* limits_;
  bool authenticated_ = true;
  size_t need_ = 0;  // No use parsing the incomplete request before the input is this long.
  std::unique_ptr<Partial> partial_;
};

}  // namespace mydis

// Parses what Redis clients send: arrays of bulk strings, and lines ("inline commands").
//
// A connection has a RespParser (its limits and where it stands), a thread has a RequestBatch
// (memory that every parse uses again). One call parses all requests that are complete, so that the
// caller sees the whole pipeline, and can hash and prefetch its keys, before it runs the first:
//
//   size_t OnData(Stream&, std::string_view bytes) {
//     parser.Parse(bytes, batch);
//     size_t done = 0;
//     while (done < batch.size() && MayGoOn()) Run(batch[done++].args);
//     if (done == batch.size() && !batch.error().empty()) { WriteError(batch.error()); Close…; }
//     return parser.Consume(batch, done);
//   }
//
// What was not consumed is parsed again by the next call, together with what has arrived since. A
// request may be split anywhere. An argument much longer than what has arrived of it is not waited
// for in the caller's buffer: Consume takes its beginning over, and the rest belongs into Target()
// (StreamHandler::ReadTarget returns that and OnTargetFilled calls TargetFilled). Its memory grows
// as bytes arrive, whatever length was announced.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mydis {

// The protocol's limits. One object serves many parsers; changes take effect at the next Parse.
struct RespLimits {
  uint64_t max_arguments = INT32_MAX;           // "invalid multibulk length", as Redis 7
  uint64_t max_bulk = uint64_t{512} << 20;      // proto-max-bulk-len: "invalid bulk length"
  uint64_t max_line = 64 * 1024;                // "too big inline request" and such
  uint64_t max_unauthenticated_arguments = 10;  // "unauthenticated multibulk length"
  uint64_t max_unauthenticated_bulk = 16384;    // "unauthenticated bulk length"
  // A request with more bytes than this in all ends the connection (client-query-buffer-limit).
  uint64_t max_request = uint64_t{1} << 30;
};

struct Request {
  std::span<const std::string_view> args;  // Never empty.
};

// The requests of one Parse. Views point into the parsed input, into the parser or in here; they
// are good until Consume, and the input's for as long as the caller keeps it. One thread.
class RequestBatch {
 public:
  size_t size() const { return requests_.size(); }
  bool empty() const { return requests_.empty(); }
  Request operator[](size_t i) const {
    const Item& r = requests_[i];
    return {{args_.data() + r.first, r.count}};
  }
  // Number of input bytes from the start up to the end of request i.
  size_t end_offset(size_t i) const { return requests_[i].end; }
  // "Protocol error: …" if after these requests something follows that is no request: answer it
  // with
  // "-ERR " before and close. Else empty.
  std::string_view error() const { return error_; }

 private:
  friend class RespParser;
  friend class RequestBuilder;
  struct Item {
    size_t first;  // In args_.
    size_t count;
    size_t end;
  };
  void Clear();

  std::vector<std::string_view> args_;
  std::vector<Item> requests_;
  std::deque<std::string> unquoted_;  // Arguments of lines, with their quotes taken off.
  std::string error_;
  size_t parsed_ = 0;  // Input bytes up to where the incomplete request begins.
};

class RespParser {
 public:
  // `limits` must outlive the parser. A parse gives at most `max_batch` requests.
  explicit RespParser(const RespLimits& limits) : limits_(&limits) {}

  // While false, the limits for clients that have not logged in hold.
  void set_authenticated(bool yes) { authenticated_ = yes; }

  // Fills `batch` (cleared first) with the complete requests at the start of `input`, at most
  // kMaxBatch. Empty ones ("*0", empty lines) are skipped. `input` begins with the bytes not
  // consumed before.
  void Parse(std::string_view input, RequestBatch& batch);

  // After Parse: the first `done` requests of the batch are dealt with; gives how many bytes of the
  // input are used up. Arguments of those requests may be read until here.
  size_t Consume(RequestBatch& batch, size_t done);

  // Where the next bytes of the connection belong, if not into Parse; empty otherwise.
  std::span<char> Target();
  void TargetFilled(size_t n);

  // Memory held besides the object itself.
  size_t memory() const;

  static constexpr size_t kMaxBatch = 1024;
  // An argument of which at least this much is still to come is read into Target().
  static constexpr size_t kLargeRest = 32 * 1024;

 private:
  friend class RequestBuilder;
  // An argument of a request under way: in the input (from the request's start) or in `owned`.
  struct Argument {
    size_t offset;
    size_t size;
    int32_t owned = -1;
  };
  // A request under way that is long, or has an argument in memory of its own.
  struct Partial {
    uint64_t remaining = 0;  // Arguments not parsed yet.
    size_t position = 0;     // Input offset of the next one.
    uint64_t bytes = 0;      // Of the request that left the input.
    std::vector<Argument> arguments;
    std::deque<std::string> owned;
    uint64_t large_rest = 0;  // Of owned.back(), CR LF included, while it is being filled.
    uint64_t large_size = 0;
  };

  const RespLimits* limits_;
  bool authenticated_ = true;
  size_t need_ = 0;  // No use parsing an incomplete request before the input is this long.
  std::unique_ptr<Partial> partial_;
};

}  // namespace mydis

#include "protocol/resp_parser.h"
#include "base/split_line.h"

#include <cstring>
#include <utility>

namespace mydis {
namespace {

enum class Number : uint8_t { kGood, kShort, kOdd };

// Reads "<digits>CR<any>" at `*p`. kOdd: it is something else and needs a closer look.
inline Number ReadNumber(const char** p, const char* end, uint64_t* value) {
  const char* q = *p;
  if (q == end) return Number::kShort;
  uint64_t v = static_cast<unsigned char>(*q) - uint64_t{'0'};
  if (v > 9) return Number::kOdd;
  for (++q; q != end; ++q) {
    const unsigned digit = static_cast<unsigned char>(*q) - unsigned{'0'};
    if (digit > 9) break;
    // Zeros in front are not allowed; neither is what might not fit.
    if (v == 0 || v > UINT64_MAX / 16) return Number::kOdd;
    v = v * 10 + digit;
  }
  if (q == end) return Number::kShort;
  if (*q != '\r') return Number::kOdd;
  if (q + 1 == end) return Number::kShort;
  *value = v;
  *p = q + 2;
  return Number::kGood;
}

// True if `text` is a decimal integer below zero as Redis reads them: "-1", not "-0" or "-01".
bool IsNegative(std::string_view text) {
  if (text.size() < 2 || text.size() > 19 || text[0] != '-' || text[1] < '1') return false;
  for (const char c : text.substr(1))
    if (c < '0' || c > '9') return false;
  return true;
}

}  // namespace

void RequestBatch::Clear(std::string_view input) {
  args_.clear();
  requests_.clear();
  if (!unquoted_.empty()) unquoted_.clear();
  if (!error_.empty()) error_.clear();
  input_ = input;
  taken_ = parsed_ = tail_first_ = tail_position_ = 0;
  tail_remaining_ = 0;
}

RespParser::Step RespParser::Fail(RequestBatch& batch, std::string_view what) {
  batch.error_ = "Protocol error: ";
  batch.error_ += what;
  return Step::kError;
}

RespParser::Step RespParser::ParseCount(std::string_view input, size_t* position, uint64_t* count,
                                        RequestBatch& batch) {
  const char* p = input.data() + *position + 1;
  switch (ReadNumber(&p, input.data() + input.size(), count)) {
    case Number::kGood:
      if (*count > limits_->max_arguments) return Fail(batch, "invalid multibulk length");
      if (!authenticated_ && *count > limits_->max_unauthenticated_arguments)
        return Fail(batch, "unauthenticated multibulk length");
      *position = static_cast<size_t>(p - input.data());
      return Step::kDone;
    case Number::kShort:
      return Step::kNeedMore;
    case Number::kOdd:
      break;
  }
  const std::string_view rest = input.substr(*position);
  const size_t line_end = rest.find('\r');
  if (line_end == std::string_view::npos) {
    if (rest.size() > limits_->max_line) return Fail(batch, "too big mbulk count string");
    return Step::kNeedMore;
  }
  if (line_end + 2 > rest.size()) return Step::kNeedMore;
  if (!IsNegative(rest.substr(1, line_end - 1))) return Fail(batch, "invalid multibulk length");
  *count = 0;
  *position += line_end + 2;
  return Step::kDone;
}

RespParser::Step RespParser::ParseBulkSize(std::string_view input, size_t* position, uint64_t* size,
                                           RequestBatch& batch) {
  const char* p = input.data() + *position;
  const char* const end = input.data() + input.size();
  if (p == end) return Step::kNeedMore;
  if (*p == '$') [[likely]] {
    ++p;
    switch (ReadNumber(&p, end, size)) {
      case Number::kGood:
        if (*size > limits_->max_bulk) [[unlikely]]
          return Fail(batch, "invalid bulk length");
        if (!authenticated_ && *size > limits_->max_unauthenticated_bulk) [[unlikely]]
          return Fail(batch, "unauthenticated bulk length");
        *position = static_cast<size_t>(p - input.data());
        return Step::kDone;
      case Number::kShort:
        return Step::kNeedMore;
      case Number::kOdd:
        break;
    }
  }
  const std::string_view rest = input.substr(*position);
  const size_t line_end = rest.find('\r');
  if (line_end == std::string_view::npos) {
    if (rest.size() > limits_->max_line) return Fail(batch, "too big bulk count string");
    return Step::kNeedMore;
  }
  if (line_end + 2 > rest.size()) return Step::kNeedMore;
  if (rest[0] == '$') return Fail(batch, "invalid bulk length");
  // The answer is one line, so a line's end cannot be shown as it is.
  const char shown = rest[0] == '\r' || rest[0] == '\n' ? ' ' : rest[0];
  return Fail(batch, std::string("expected '$', got '") + shown + "'");
}

template <typename Sink>
RespParser::Step RespParser::ParseArguments(std::string_view input, size_t* position,
                                            uint64_t* remaining, Sink&& sink, RequestBatch& batch) {
  while (*remaining > 0) {
    size_t begin = *position;
    uint64_t size = 0;
    const Step step = ParseBulkSize(input, &begin, &size, batch);
    if (step != Step::kDone) return step;
    if (input.size() - begin < size + 2) return Step::kNeedMore;
    sink(begin, static_cast<size_t>(size));
    *position = begin + static_cast<size_t>(size) + 2;
    --*remaining;
  }
  return Step::kDone;
}

RespParser::Step RespParser::ParseLine(std::string_view input, size_t* position,
                                       RequestBatch& batch) {
  const std::string_view rest = input.substr(*position);
  const size_t newline = rest.find('\n');
  if (newline == std::string_view::npos) {
    if (rest.size() > limits_->max_line) return Fail(batch, "too big inline request");
    return Step::kNeedMore;
  }
  std::string_view line = rest.substr(0, newline);
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (!SplitLine(line, &batch.args_, &batch.unquoted_))
    return Fail(batch, "unbalanced quotes in request");
  *position += newline + 1;
  return Step::kDone;
}

bool RespParser::ContinuePartial(RequestBatch& batch) {
  Partial& p = *partial_;
  if (p.filling) {
    GrowingBytes& large = p.owned.back();
    batch.taken_ = std::min(batch.input_.size(), large.missing());
    large.Append(batch.input_.substr(0, batch.taken_));
    p.bytes += batch.taken_;
    batch.parsed_ = batch.taken_;
    if (large.missing() > 0) return false;
    FinishFilling();
  }
  const std::string_view input = batch.input_.substr(batch.taken_);
  const Step step = ParseArguments(
      input, &p.position, &p.remaining,
      [&p](size_t offset, size_t size) {
        p.arguments.push_back({offset, size, -1});
      },
      batch);
  if (step == Step::kNeedMore && p.bytes + input.size() > limits_->max_request)
    Fail(batch, "too big request");
  if (step != Step::kDone) return false;
  for (const Argument& a : p.arguments) {
    const char* base = a.owned < 0 ? input.data() : p.owned[static_cast<size_t>(a.owned)].data();
    batch.args_.emplace_back(base + a.offset, a.size);
  }
  batch.parsed_ = batch.taken_ + p.position;
  batch.Close(0, batch.parsed_);
  return true;
}

void RespParser::Parse(std::string_view input, RequestBatch& batch) {
  batch.Clear(input);
  if (input.size() < need_) return;
  need_ = 0;
  if (partial_ && !ContinuePartial(batch)) return;
  const size_t most = authenticated_ ? kMaxBatch : 1;
  size_t position = batch.parsed_;
  while (position < input.size() && batch.requests_.size() < most) {
    const size_t first = batch.args_.size();
    uint64_t remaining = 0;
    Step step;
    if (input[position] == '*') {
      step = ParseCount(input, &position, &remaining, batch);
      if (step == Step::kDone) {
        step = ParseArguments(
            input, &position, &remaining,
            [&](size_t offset, size_t size) {
              batch.args_.emplace_back(input.data() + offset, size);
            },
            batch);
      }
    } else {
      step = ParseLine(input, &position, batch);
    }
    if (step != Step::kDone) {
      batch.tail_first_ = first;
      batch.tail_remaining_ = remaining;
      batch.tail_position_ = position;
      return;
    }
    if (batch.args_.size() > first) batch.Close(first, position);
    batch.parsed_ = position;
  }
}

size_t RespParser::Consume(RequestBatch& batch, size_t done) {
  if (done < batch.size()) {
    if (done == 0) return batch.taken_;
    partial_.reset();
    return batch.requests_[done - 1].end;
  }
  if (!batch.empty()) partial_.reset();
  if (partial_) {
    if (batch.error_.empty() && !partial_->filling && batch.input_.size() >= need_ &&
        TakeLarge(batch.input_.substr(batch.taken_)))
      return batch.input_.size();
    return batch.taken_;
  }
  if (batch.tail_remaining_ > 0 && batch.error_.empty()) {
    const std::string_view rest = batch.input_.substr(batch.parsed_);
    size_t begin = batch.tail_position_ - batch.parsed_;
    uint64_t size = 0;
    const bool sized = ParseBulkSize(rest, &begin, &size, batch) == Step::kDone;
    const size_t end = sized ? begin + static_cast<size_t>(size) + 2 : 0;
    const bool large = sized && end - rest.size() >= kLargeRest;
    if (large || rest.size() >= kLongRequest) SavePartial(batch);
    if (large && TakeLarge(rest)) return batch.input_.size();
    need_ = end;
  }
  return batch.parsed_;
}

void RespParser::SavePartial(RequestBatch& batch) {
  partial_ = std::make_unique<Partial>();
  partial_->remaining = batch.tail_remaining_;
  partial_->position = batch.tail_position_ - batch.parsed_;
  const char* const start = batch.input_.data() + batch.parsed_;
  for (size_t i = batch.tail_first_; i < batch.args_.size(); ++i) {
    const std::string_view arg = batch.args_[i];
    partial_->arguments.push_back({static_cast<size_t>(arg.data() - start), arg.size(), -1});
  }
}

// Moves the request under way, whose next argument may be large, from `input` into the parser, if
// that argument is worth it. Else notes how many bytes are needed to go on.
bool RespParser::TakeLarge(std::string_view input) {
  Partial& p = *partial_;
  RequestBatch ignored;
  size_t begin = p.position;
  uint64_t size = 0;
  if (ParseBulkSize(input, &begin, &size, ignored) != Step::kDone) return false;
  const size_t end = begin + static_cast<size_t>(size) + 2;
  if (end < input.size() + kLargeRest) {
    need_ = end;
    return false;
  }
  if (p.position > 0) {
    GrowingBytes before(p.position);
    before.Append(input.substr(0, p.position));
    for (Argument& a : p.arguments)
      if (a.owned < 0) a.owned = static_cast<int32_t>(p.owned.size());
    p.owned.push_back(std::move(before));
  }
  GrowingBytes large(static_cast<size_t>(size) + 2);
  large.Append(input.substr(begin));
  p.arguments.push_back({0, static_cast<size_t>(size), static_cast<int32_t>(p.owned.size())});
  p.owned.push_back(std::move(large));
  p.bytes += input.size();
  p.filling = true;
  need_ = 0;
  return true;
}

void RespParser::FinishFilling() {
  partial_->filling = false;
  partial_->position = 0;
  --partial_->remaining;
}

std::span<char> RespParser::Target() {
  if (!partial_ || !partial_->filling) return {};
  return partial_->owned.back().Room();
}

void RespParser::TargetFilled(size_t n) {
  partial_->owned.back().Filled(n);
  partial_->bytes += n;
}

bool RespParser::target_full() const {
  return partial_ && partial_->filling && partial_->owned.back().missing() == 0;
}

size_t RespParser::memory() const {
  if (!partial_) return 0;
  size_t bytes = sizeof(Partial) + partial_->arguments.capacity() * sizeof(Argument);
  for (const GrowingBytes& owned : partial_->owned) bytes += owned.capacity();
  return bytes;
}

}  // namespace mydis

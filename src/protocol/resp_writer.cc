#include "protocol/resp_writer.h"

#include <algorithm>
#include <cstring>

#include "base/assert.h"
#include "base/number_format.h"

namespace mydis {
namespace {

// Appends what `write` puts at the pointer it is given, which has room for `most` bytes; `write`
// returns the end of what it has put there.
template <typename Write>
inline void Extend(std::string& out, size_t most, Write&& write) {
  const size_t before = out.size();
  out.resize_and_overwrite(
      before + most, [&](char* p, size_t) { return static_cast<size_t>(write(p + before) - p); });
}

inline char* PutLineEnd(char* p) {
  std::memcpy(p, "\r\n", 2);
  return p + 2;
}

inline char* PutBytes(char* p, std::string_view bytes) {
  // A view of nothing may hold a null pointer, which memcpy must not be given.
  if (!bytes.empty()) std::memcpy(p, bytes.data(), bytes.size());
  return p + bytes.size();
}

inline char* PutBulk(char* p, std::string_view bytes) {
  *p++ = '$';
  p = PutLineEnd(FormatUnsigned(p, bytes.size()));
  return PutLineEnd(PutBytes(p, bytes));
}

constexpr size_t kHeaderRoom = 1 + kMaxIntegerText + 2;

}  // namespace

void RespWriter::Simple(std::string_view text) {
  Extend(*out_, text.size() + 3, [text](char* p) {
    *p++ = '+';
    return PutLineEnd(PutBytes(p, text));
  });
}

void RespWriter::Error(std::string_view text) {
  // A word of the client's that the text quotes may bring line ends along.
  text = text.substr(0, text.find_last_not_of("\r\n") + 1);
  Extend(*out_, text.size() + 3, [text](char* p) {
    *p++ = '-';
    char* end = PutBytes(p, text);
    std::replace_if(
        p, end, [](char c) { return c == '\r' || c == '\n'; }, ' ');
    return PutLineEnd(end);
  });
}

void RespWriter::Integer(int64_t value) {
  Extend(*out_, kHeaderRoom, [value](char* p) {
    *p++ = ':';
    return PutLineEnd(FormatInteger(p, value));
  });
}

void RespWriter::Bulk(std::string_view bytes) {
  Extend(*out_, kHeaderRoom + bytes.size() + 2, [bytes](char* p) { return PutBulk(p, bytes); });
}

void RespWriter::BulkInteger(int64_t value) {
  char digits[kMaxIntegerText];
  const char* end = FormatInteger(digits, value);
  Bulk({digits, static_cast<size_t>(end - digits)});
}

void RespWriter::Header(char type, uint64_t count) {
  Extend(*out_, kHeaderRoom, [type, count](char* p) {
    *p++ = type;
    return PutLineEnd(FormatUnsigned(p, count));
  });
}

void RespWriter::AttributeHeader(size_t pairs) {
  MYDIS_ASSERT(resp3_, "version 2 of the protocol has no attributes");
  Header('|', pairs);
}

void RespWriter::Double(double value) {
  char text[kMaxDoubleText];
  const char* end = FormatDouble(text, value);
  DoubleText({text, static_cast<size_t>(end - text)});
}

void RespWriter::DoubleText(std::string_view digits) {
  if (!resp3_) return Bulk(digits);
  Extend(*out_, digits.size() + 3, [digits](char* p) {
    *p++ = ',';
    return PutLineEnd(PutBytes(p, digits));
  });
}

void RespWriter::Bool(bool value) {
  if (resp3_) {
    out_->append(value ? "#t\r\n" : "#f\r\n");
  } else {
    out_->append(value ? ":1\r\n" : ":0\r\n");
  }
}

void RespWriter::BigNumber(std::string_view digits) {
  if (!resp3_) return Bulk(digits);
  Extend(*out_, digits.size() + 3, [digits](char* p) {
    *p++ = '(';
    return PutLineEnd(PutBytes(p, digits));
  });
}

void RespWriter::Verbatim(std::string_view format, std::string_view text) {
  if (!resp3_) return Bulk(text);
  MYDIS_ASSERT(format.size() == 3, "the format of a verbatim string has three letters");
  Extend(*out_, kHeaderRoom + text.size() + 6, [&](char* p) {
    *p++ = '=';
    p = PutLineEnd(FormatUnsigned(p, text.size() + 4));
    p = PutBytes(p, format);
    *p++ = ':';
    return PutLineEnd(PutBytes(p, text));
  });
}

// An open collection starts with the header of one that has less than ten elements, the commonest;
// Close moves the elements if that does not fit.
size_t RespWriter::Open(Kind) {
  const size_t mark = out_->size();
  out_->append("*0\r\n");
  return mark;
}

void RespWriter::Close(size_t mark, Kind kind, size_t count) {
  char type = '*';
  uint64_t shown = count;
  if (kind == Kind::kMap && !resp3_) shown = 2 * count;
  if (resp3_ && kind != Kind::kArray)
    type = kind == Kind::kMap ? '%' : kind == Kind::kSet ? '~' : '>';
  if (shown < 10) {
    (*out_)[mark] = type;
    (*out_)[mark + 1] = static_cast<char>('0' + shown);
    return;
  }
  char header[kHeaderRoom];
  header[0] = type;
  const char* end = PutLineEnd(FormatUnsigned(header + 1, shown));
  out_->replace(mark, 4, header, static_cast<size_t>(end - header));
}

}  // namespace mydis

#include "state/rdb_file_writer.h"

#include <fmt/format.h>

#include "base/crc64.h"
#include "state/rdb_opcodes.h"
#include "state/rdb_value.h"

namespace mydis {
namespace {

constexpr size_t kPieceBytes = 256 << 10;

}  // namespace

RdbFileWriter::RdbFileWriter(uint16_t version, Sink sink)
    : version_(version), sink_(std::move(sink)), buffer_(fmt::format("REDIS{:04}", version)) {}

Status RdbFileWriter::Fact(std::string_view name, std::string_view value) {
  RdbWriter out(buffer_);
  out.U8(kRdbFact);
  out.String(name);
  out.String(value);
  return FlushIfLong();
}

Status RdbFileWriter::Library(std::string_view code) {
  RdbWriter out(buffer_);
  out.U8(kRdbFunctions);
  out.String(code);
  return FlushIfLong();
}

Status RdbFileWriter::Key(uint32_t db, const Entry& entry, std::optional<int64_t> deadline_ms) {
  RdbWriter out(buffer_);
  if (db_ != db) {
    out.U8(kRdbSelect);
    out.Length(db);
    db_ = db;
  }
  if (deadline_ms) {
    out.U8(kRdbDeadlineMs);
    out.U64(static_cast<uint64_t>(*deadline_ms));
  }
  // The type's number stands before the key, and the value behind it.
  std::string value;
  RdbWriter value_out(value);
  WriteRdbValue(entry, value_out, version_);
  out.Raw(std::string_view(value).substr(0, 1));
  out.String(entry.key());
  out.Raw(std::string_view(value).substr(1));
  return FlushIfLong();
}

Status RdbFileWriter::End() {
  buffer_ += static_cast<char>(kRdbEnd);
  if (Status status = Flush(); !status.ok()) return status;
  RdbWriter(buffer_).U64(crc_);
  return Flush();
}

Status RdbFileWriter::FlushIfLong() {
  return buffer_.size() < kPieceBytes ? Status::Ok() : Flush();
}

Status RdbFileWriter::Flush() {
  crc_ = Crc64(buffer_, crc_);
  Status status = sink_(buffer_);
  buffer_.clear();
  return status;
}

}  // namespace mydis

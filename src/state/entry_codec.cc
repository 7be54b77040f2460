#include "state/entry_codec.h"

#include <utility>

namespace mydis {

void EntryBuilder::Clear() {
  payload_.assign(kEnvelopeSize, '\0');
  operations_ = 0;
  marks_ = 0;
  marked_ = false;
}

uint32_t EntryBuilder::Mark() {
  if (!std::exchange(marked_, true)) {
    Encoder(payload_).U8(static_cast<uint8_t>(Opcode::kMark));
    ++marks_;
  }
  return marks_ - 1;
}

void EntryBuilder::Behind(uint32_t distance) {
  Encoder out(payload_);
  out.U8(static_cast<uint8_t>(Opcode::kBehind));
  out.Varint(distance);
}

void EntryBuilder::Once(const RequestTag& tag) {
  Encoder out(payload_);
  out.U8(static_cast<uint8_t>(Opcode::kOnce));
  out.Bytes(tag.user);
  out.Bytes(tag.id);
  out.U64(tag.words);
  out.U8(tag.resp_version);
  out.Varint(tag.number);
  if (tag.number != 0) out.Varint(tag.oldest);
}

void EntryBuilder::AsUser(std::string_view user) {
  Encoder out(payload_);
  out.U8(static_cast<uint8_t>(Opcode::kAsUser));
  out.Bytes(user);
}

void EntryBuilder::AddCommand(uint32_t db, std::span<const std::string_view> words) {
  Encoder(payload_).U8(static_cast<uint8_t>(Opcode::kCommand));
  ++operations_;
  marked_ = false;
  AddElement(db, words);
}

void EntryBuilder::BeginTransaction(std::span<const WatchedKey> watched, size_t commands) {
  Encoder out(payload_);
  ++operations_;
  marked_ = false;
  out.U8(static_cast<uint8_t>(Opcode::kTransaction));
  out.Varint(watched.size());
  for (const WatchedKey& key : watched) {
    out.Varint(key.db);
    out.Bytes(key.key);
    out.U64(key.revision);
  }
  out.Varint(commands);
}

void EntryBuilder::AddElement(uint32_t db, std::span<const std::string_view> words) {
  Encoder out(payload_);
  out.Varint(db);
  out.Varint(words.size());
  for (std::string_view word : words) out.Bytes(word);
}

std::string EntryBuilder::Take() {
  // Nothing follows that could refer to it.
  if (marked_) payload_.pop_back();
  StoreEnvelope(payload_.data(), {.kind = EntryBody::kCommands, .operations = operations_});
  std::string taken = std::move(payload_);
  Clear();
  return taken;
}

std::string RegistrationPayload(uint64_t origin, uint64_t replaces, std::string_view instance) {
  std::string payload(kEnvelopeSize, '\0');
  StoreEnvelope(payload.data(),
                {.kind = EntryBody::kRegister, .origin = origin, .sequence = replaces});
  return payload.append(instance);
}

Opcode EntryReader::NextOpcode() {
  --left_;
  user_ = {};
  behind_ = 0;
  Opcode opcode = Next();
  marked_ = opcode == Opcode::kMark;
  if (marked_) opcode = Next();
  if (opcode == Opcode::kBehind) {
    behind_ = in_.Varint();
    if (behind_ == 0) failed_ = true;
    opcode = Next();
  }
  request_.id = {};
  if (opcode == Opcode::kOnce) [[unlikely]] {
    request_.user = in_.Bytes();
    request_.id = in_.Bytes();
    request_.words = in_.U64();
    request_.resp_version = in_.U8();
    request_.number = in_.Varint();
    request_.oldest = request_.number == 0 ? 0 : in_.Varint();
    if (request_.id.empty() || request_.oldest > request_.number) failed_ = true;
    opcode = Next();
  }
  if (opcode == Opcode::kAsUser) {
    user_ = in_.Bytes();
    opcode = Next();
  }
  if (opcode != Opcode::kCommand && opcode != Opcode::kTransaction) failed_ = true;
  return opcode;
}

std::span<const std::string_view> EntryReader::Command(uint32_t* db) {
  *db = static_cast<uint32_t>(in_.Varint());
  words_.clear();
  for (uint64_t n = in_.Varint(); n > 0 && in_.ok(); --n) words_.push_back(in_.Bytes());
  if (words_.empty()) failed_ = true;
  return words_;
}

void EntryReader::Watched(uint32_t* db, std::string_view* key, uint64_t* revision) {
  *db = static_cast<uint32_t>(in_.Varint());
  *key = in_.Bytes();
  *revision = in_.U64();
}

bool EntryReader::SkipOperation(Opcode opcode) {
  uint32_t db = 0;
  if (opcode == Opcode::kTransaction) {
    std::string_view key;
    uint64_t revision = 0;
    for (uint64_t n = Count(); n > 0 && ok(); --n) Watched(&db, &key, &revision);
    for (uint64_t n = ok() ? Count() : 0; n > 0 && ok(); --n) Command(&db);
  } else {
    Command(&db);
  }
  return ok();
}

}  // namespace mydis

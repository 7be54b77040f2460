#include "consensus/wire.h"

#include "base/codec.h"

namespace mydis {
namespace {

// What a head starts with and how it ends; the fields are between.
template <typename Fields>
WireMessage Make(WireType type, Fields fields) {
  WireMessage message;
  message.type = static_cast<uint8_t>(type);
  Encoder out(message.head);
  fields(out);
  return message;
}

bool Finished(const Decoder& in) { return in.ok() && in.AtEnd(); }

// A number that must be at most `max` to be an enumerator.
template <typename E>
bool ReadEnum(Decoder& in, E max, E* value) {
  const uint64_t v = in.Varint();
  if (!in.ok() || v > static_cast<uint64_t>(max)) return false;
  *value = static_cast<E>(v);
  return true;
}

bool ReadBool(Decoder& in) { return in.U8() != 0; }

void WriteMembers(Encoder& out, const std::vector<Member>& members) {
  out.Varint(members.size());
  for (const Member& member : members) EncodeMember(out, member);
}

bool ReadMembers(Decoder& in, std::vector<Member>* members) {
  for (uint64_t n = in.Varint(); n > 0 && in.ok(); --n) {
    Member member;
    if (!DecodeMember(in, &member)) return false;
    members->push_back(std::move(member));
  }
  return in.ok();
}

}  // namespace

WireMessage Encode(const WireRaft& m) {
  return Make(WireType::kRaft, [&](Encoder& out) {
    out.Varint(m.to);
    out.Varint(m.has_body.size());
    uint8_t bits = 0;
    for (size_t i = 0; i < m.has_body.size(); ++i) {
      if (m.has_body[i]) bits |= static_cast<uint8_t>(1u << (i % 8));
      if (i % 8 == 7 || i + 1 == m.has_body.size()) {
        out.U8(bits);
        bits = 0;
      }
    }
    out.Bytes(m.bytes);
  });
}

bool Decode(std::string_view head, WireRaft* m) {
  Decoder in(head);
  m->to = in.Varint();
  const uint64_t entries = in.Varint();
  if (entries > 8 * in.remaining()) return false;
  const std::string_view bits = in.Raw((entries + 7) / 8);
  if (!in.ok()) return false;
  m->has_body.resize(entries);
  for (uint64_t i = 0; i < entries; ++i)
    m->has_body[i] = (static_cast<uint8_t>(bits[i / 8]) >> (i % 8) & 1) != 0;
  m->bytes = in.Bytes();
  return Finished(in);
}

WireMessage Encode(const WireSubmit& m) {
  return Make(WireType::kSubmit, [&](Encoder& out) {
    out.U64(m.origin);
    out.Varint(m.stream);
    out.U8(m.start ? 1 : 0);
    out.Varint(m.sequence);
  });
}

bool Decode(std::string_view head, WireSubmit* m) {
  Decoder in(head);
  m->origin = in.U64();
  m->stream = in.Varint();
  m->start = ReadBool(in);
  m->sequence = in.Varint();
  return Finished(in);
}

WireMessage Encode(const WireSubmitAnswer& m) {
  return Make(WireType::kSubmitAnswer, [&](Encoder& out) {
    out.U64(m.origin);
    out.Varint(m.stream);
    out.Varint(static_cast<uint64_t>(m.verdict));
    out.Varint(m.sequence);
    out.Varint(m.leader);
  });
}

bool Decode(std::string_view head, WireSubmitAnswer* m) {
  Decoder in(head);
  m->origin = in.U64();
  m->stream = in.Varint();
  if (!ReadEnum(in, SubmitVerdict::kDiskFull, &m->verdict)) return false;
  m->sequence = in.Varint();
  m->leader = in.Varint();
  return Finished(in);
}

WireMessage Encode(const WireWatch& m) {
  return Make(WireType::kWatch, [&](Encoder& out) { out.Varint(m.index); });
}

bool Decode(std::string_view head, WireWatch* m) {
  Decoder in(head);
  m->index = in.Varint();
  return Finished(in);
}

WireMessage Encode(const WireApplied& m) {
  return Make(WireType::kApplied, [&](Encoder& out) {
    out.Varint(m.applied);
    out.Varint(m.durable);
  });
}

bool Decode(std::string_view head, WireApplied* m) {
  Decoder in(head);
  m->applied = in.Varint();
  m->durable = in.Varint();
  return Finished(in);
}

WireMessage Encode(const WireAdmin& m) {
  return Make(WireType::kAdmin, [&](Encoder& out) {
    out.U64(m.request);
    out.U8(m.kind);
    out.Bytes(m.instance_id);
    out.Bytes(m.host);
    out.Varint(m.port);
  });
}

bool Decode(std::string_view head, WireAdmin* m) {
  Decoder in(head);
  m->request = in.U64();
  m->kind = in.U8();
  m->instance_id = in.Bytes();
  m->host = in.Bytes();
  m->port = in.Varint();
  return Finished(in) && m->port <= 0xffff;
}

WireMessage Encode(const WireAdminAnswer& m) {
  return Make(WireType::kAdminAnswer, [&](Encoder& out) {
    out.U64(m.request);
    out.Varint(static_cast<uint64_t>(m.code));
    out.Bytes(m.text);
  });
}

bool Decode(std::string_view head, WireAdminAnswer* m) {
  Decoder in(head);
  m->request = in.U64();
  if (!ReadEnum(in, ErrorCode::kInternal, &m->code)) return false;
  m->text = in.Bytes();
  return Finished(in);
}

WireMessage Encode(const WireSnapshotOffer& m) {
  return Make(WireType::kSnapshotOffer, [&](Encoder& out) {
    out.Varint(m.index);
    out.Varint(m.term);
    out.Varint(m.size);
    out.Bytes(m.raft);
  });
}

bool Decode(std::string_view head, WireSnapshotOffer* m) {
  Decoder in(head);
  m->index = in.Varint();
  m->term = in.Varint();
  m->size = in.Varint();
  m->raft = in.Bytes();
  return Finished(in);
}

WireMessage Encode(const WireSnapshotWant& m) {
  return Make(WireType::kSnapshotWant, [&](Encoder& out) {
    out.Varint(m.index);
    out.Varint(m.term);
    out.Varint(static_cast<uint64_t>(m.verdict));
    out.Varint(m.offset);
  });
}

bool Decode(std::string_view head, WireSnapshotWant* m) {
  Decoder in(head);
  m->index = in.Varint();
  m->term = in.Varint();
  if (!ReadEnum(in, SnapshotVerdict::kFailed, &m->verdict)) return false;
  m->offset = in.Varint();
  return Finished(in);
}

WireMessage Encode(const WireSnapshotChunk& m) {
  return Make(WireType::kSnapshotChunk, [&](Encoder& out) {
    out.Varint(m.index);
    out.Varint(m.term);
    out.Varint(m.offset);
  });
}

bool Decode(std::string_view head, WireSnapshotChunk* m) {
  Decoder in(head);
  m->index = in.Varint();
  m->term = in.Varint();
  m->offset = in.Varint();
  return Finished(in);
}

WireMessage Encode(const WireDigest& m) {
  return Make(WireType::kDigest, [&](Encoder& out) {
    out.Varint(m.index);
    out.U32(m.format);
    out.U32(m.check.first);
    out.U32(m.check.count);
    out.U64(m.check.digest);
  });
}

bool Decode(std::string_view head, WireDigest* m) {
  Decoder in(head);
  m->index = in.Varint();
  m->format = in.U32();
  m->check.first = in.U32();
  m->check.count = in.U32();
  m->check.digest = in.U64();
  return Finished(in);
}

WireMessage Encode(const WireSnapshotAsk& m) {
  return Make(WireType::kSnapshotAsk, [&](Encoder& out) { out.Varint(m.index); });
}

bool Decode(std::string_view head, WireSnapshotAsk* m) {
  Decoder in(head);
  m->index = in.Varint();
  return Finished(in);
}

WireMessage Encode(const WireRemoved& m) {
  return Make(WireType::kRemoved, [&](Encoder& out) { out.Varint(m.raft_id); });
}

bool Decode(std::string_view head, WireRemoved* m) {
  Decoder in(head);
  m->raft_id = in.Varint();
  return Finished(in);
}

WireMessage Encode(const WireJoin& m) {
  return Make(WireType::kJoin, [&](Encoder& out) {
    out.Bytes(m.cluster_name);
    EncodeMember(out, m.self);
    out.U64(m.replaces);
  });
}

bool Decode(std::string_view head, WireJoin* m) {
  Decoder in(head);
  m->cluster_name = in.Bytes();
  if (!DecodeMember(in, &m->self)) return false;
  m->replaces = in.U64();
  return Finished(in);
}

WireMessage Encode(const WireJoinAnswer& m) {
  return Make(WireType::kJoinAnswer, [&](Encoder& out) {
    out.Varint(static_cast<uint64_t>(m.code));
    out.Bytes(m.text);
    out.Bytes(m.host);
    out.Varint(m.port);
    out.U64(m.place);
    out.U64(m.cluster_id);
    out.Varint(m.raft_id);
    WriteMembers(out, m.members);
  });
}

bool Decode(std::string_view head, WireJoinAnswer* m) {
  Decoder in(head);
  if (!ReadEnum(in, ErrorCode::kInternal, &m->code)) return false;
  m->text = in.Bytes();
  m->host = in.Bytes();
  m->port = in.Varint();
  m->place = in.U64();
  m->cluster_id = in.U64();
  m->raft_id = in.Varint();
  return ReadMembers(in, &m->members) && Finished(in) && m->port <= 0xffff;
}

WireMessage Encode(const WireInvite& m) {
  return Make(WireType::kInvite, [&](Encoder& out) {
    out.Bytes(m.cluster_name);
    EncodeMember(out, m.member);
  });
}

bool Decode(std::string_view head, WireInvite* m) {
  Decoder in(head);
  m->cluster_name = in.Bytes();
  return DecodeMember(in, &m->member) && Finished(in);
}

WireMessage Encode(const WireInviteAnswer& m) {
  return Make(WireType::kInviteAnswer, [&](Encoder& out) {
    out.U8(static_cast<uint8_t>(m.code));
    out.Bytes(m.text);
  });
}

bool Decode(std::string_view head, WireInviteAnswer* m) {
  Decoder in(head);
  m->code = static_cast<ErrorCode>(in.U8());
  m->text = in.Bytes();
  return Finished(in);
}

WireMessage Encode(const WireProbe& m) {
  return Make(WireType::kProbe, [&](Encoder& out) {
    out.Bytes(m.cluster_name);
    EncodeMember(out, m.self);
    out.Varint(m.expect);
    out.U8(m.claim ? 1 : 0);
  });
}

bool Decode(std::string_view head, WireProbe* m) {
  Decoder in(head);
  m->cluster_name = in.Bytes();
  if (!DecodeMember(in, &m->self)) return false;
  m->expect = in.Varint();
  m->claim = ReadBool(in);
  return Finished(in);
}

WireMessage Encode(const WireProbeAnswer& m) {
  return Make(WireType::kProbeAnswer, [&](Encoder& out) {
    out.Varint(static_cast<uint64_t>(m.code));
    out.Bytes(m.text);
    out.U8(m.in_cluster ? 1 : 0);
    out.U64(m.cluster_id);
    out.U8(m.removed ? 1 : 0);
    EncodeMember(out, m.self);
    out.Bytes(m.promised_to);
    WriteMembers(out, m.known);
  });
}

bool Decode(std::string_view head, WireProbeAnswer* m) {
  Decoder in(head);
  if (!ReadEnum(in, ErrorCode::kInternal, &m->code)) return false;
  m->text = in.Bytes();
  m->in_cluster = ReadBool(in);
  m->cluster_id = in.U64();
  m->removed = ReadBool(in);
  if (!DecodeMember(in, &m->self)) return false;
  m->promised_to = in.Bytes();
  return ReadMembers(in, &m->known) && Finished(in);
}

}  // namespace mydis

// The leader's view of the members, on its way to another instance:
//
//   varint members, each { member (members.h), u8 leader, varint match, varint next, varint lag,
//                          u8 active, bytes state }
#include "base/codec.h"
#include "consensus/replica.h"

namespace mydis {

std::string EncodeMemberStatuses(const std::vector<MemberStatus>& members) {
  std::string text;
  Encoder out(text);
  out.Varint(members.size());
  for (const MemberStatus& status : members) {
    EncodeMember(out, status.member);
    out.U8(status.leader ? 1 : 0);
    out.Varint(status.match);
    out.Varint(status.next);
    out.Varint(status.lag);
    out.U8(status.active ? 1 : 0);
    out.Bytes(status.state);
  }
  return text;
}

std::vector<MemberStatus> DecodeMemberStatuses(std::string_view text) {
  Decoder in(text);
  std::vector<MemberStatus> members;
  for (uint64_t n = in.Varint(); n > 0 && in.ok(); --n) {
    MemberStatus status;
    if (!DecodeMember(in, &status.member)) return {};
    status.leader = in.U8() != 0;
    status.match = in.Varint();
    status.next = in.Varint();
    status.lag = in.Varint();
    status.active = in.U8() != 0;
    status.state = in.Bytes();
    members.push_back(std::move(status));
  }
  if (!in.ok() || !in.AtEnd()) return {};
  return members;
}

}  // namespace mydis

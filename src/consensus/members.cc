#include "consensus/members.h"

#include <algorithm>

#include "base/assert.h"

namespace mydis {
namespace {

constexpr uint8_t kMembersVersion = 1;

bool Contains(const std::vector<uint64_t>& ids, uint64_t id) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

void EncodeList(Encoder& out, const std::vector<Member>& list) {
  out.Varint(list.size());
  for (const Member& member : list) EncodeMember(out, member);
}

bool DecodeList(Decoder& in, std::vector<Member>* list) {
  for (uint64_t n = in.Varint(); n > 0 && in.ok(); --n) {
    Member member;
    if (!DecodeMember(in, &member)) return false;
    list->push_back(std::move(member));
  }
  return in.ok();
}

}  // namespace

void EncodeMember(Encoder& out, const Member& member) {
  out.Varint(member.raft_id);
  out.Bytes(member.instance_id);
  out.Bytes(member.host);
  out.U16(member.raft_port);
  out.U8(static_cast<uint8_t>(member.role));
  out.U64(member.nonce);
}

bool DecodeMember(Decoder& in, Member* member) {
  member->raft_id = in.Varint();
  member->instance_id = in.Bytes();
  member->host = in.Bytes();
  member->raft_port = in.U16();
  const uint8_t role = in.U8();
  member->nonce = in.U64();
  if (!in.ok() || role > static_cast<uint8_t>(MemberRole::kLearner)) return false;
  member->role = static_cast<MemberRole>(role);
  return true;
}

std::string MemberAddress(const Member& member) {
  const bool v6 = member.host.find(':') != std::string::npos;
  return (v6 ? "[" + member.host + "]" : member.host) + ":" + std::to_string(member.raft_port);
}

const Member* Members::Find(uint64_t raft_id) const {
  const auto it = members_.find(raft_id);
  return it == members_.end() ? nullptr : &it->second;
}

const Member* Members::FindInstance(std::string_view instance_id) const {
  // While an instance with an empty directory replaces its old self, both are in the table: the
  // newer one, with the higher raft id, is the one that is there.
  const Member* found = nullptr;
  for (const auto& [id, member] : members_)
    if (member.instance_id == instance_id) found = &member;
  return found;
}

bool Members::IsVoter(uint64_t raft_id) const { return Contains(conf_state_.voters, raft_id); }

std::vector<Member> Members::List() const {
  std::vector<Member> list;
  for (const auto& [id, member] : members_) list.push_back(member);
  return list;
}

Members Members::Found(Member founder) {
  MYDIS_ASSERT(founder.raft_id == kFounderId, "the founder has the first raft id");
  Members members;
  founder.role = MemberRole::kVoter;
  members.members_[founder.raft_id] = std::move(founder);
  members.conf_state_.voters = {kFounderId};
  return members;
}

void Members::Apply(std::string_view context, const ConfState& state) {
  Decoder in(context);
  std::vector<Member> records;
  if (!context.empty() && DecodeList(in, &records)) {
    for (Member& record : records) {
      next_raft_id_ = std::max(next_raft_id_, record.raft_id + 1);
      members_[record.raft_id] = std::move(record);
    }
  }
  conf_state_ = state;
  std::erase_if(members_, [&state](const auto& item) {
    const uint64_t id = item.first;
    return !Contains(state.voters, id) && !Contains(state.learners, id) &&
           !Contains(state.voters_outgoing, id) && !Contains(state.learners_next, id);
  });
  for (auto& [id, member] : members_)
    member.role = Contains(state.voters, id) ? MemberRole::kVoter : MemberRole::kLearner;
}

std::string Members::EncodeContext(const std::vector<Member>& records) {
  std::string context;
  Encoder out(context);
  EncodeList(out, records);
  return context;
}

void Members::Save(std::string& out) const {
  Encoder encoder(out);
  encoder.U8(kMembersVersion);
  encoder.Varint(next_raft_id_);
  encoder.Bytes(EncodeConfState(conf_state_));
  EncodeList(encoder, List());
}

Status Members::Load(std::string_view bytes) {
  Decoder in(bytes);
  const uint8_t version = in.U8();
  Members loaded;
  loaded.next_raft_id_ = in.Varint();
  auto state = DecodeConfState(in.Bytes());
  std::vector<Member> list;
  if (version != kMembersVersion || !state || !DecodeList(in, &list) || !in.AtEnd())
    return Status(ErrorCode::kCorrupt, "the snapshot's table of members cannot be read");
  loaded.conf_state_ = std::move(*state);
  for (Member& member : list) loaded.members_[member.raft_id] = std::move(member);
  *this = std::move(loaded);
  return Status::Ok();
}

}  // namespace mydis

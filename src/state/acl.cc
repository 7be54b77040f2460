#include "state/acl.h"

#include <algorithm>

namespace mydis {
namespace {

void SaveSelector(const AclSelector& selector, Encoder& out) {
  out.U8(static_cast<uint8_t>(selector.all_keys | selector.all_channels << 1 |
                              selector.all_commands << 2));
  out.Varint(selector.keys.size());
  for (const AclKeyPattern& key : selector.keys) {
    out.U8(static_cast<uint8_t>(key.read | key.write << 1));
    out.Bytes(key.pattern);
  }
  for (const auto* texts : {&selector.channels, &selector.commands}) {
    out.Varint(texts->size());
    for (const std::string& text : *texts) out.Bytes(text);
  }
}

AclSelector LoadSelector(Decoder& in) {
  AclSelector selector;
  const uint8_t all = in.U8();
  selector.all_keys = all & 1;
  selector.all_channels = all & 2;
  selector.all_commands = all & 4;
  for (uint64_t n = in.Varint(); n > 0 && in.ok(); --n) {
    const uint8_t rights = in.U8();
    selector.keys.push_back({std::string(in.Bytes()), (rights & 1) != 0, (rights & 2) != 0});
  }
  for (auto* texts : {&selector.channels, &selector.commands}) {
    for (uint64_t n = in.Varint(); n > 0 && in.ok(); --n) texts->emplace_back(in.Bytes());
  }
  return selector;
}

}  // namespace

std::string AclSelector::DescribeKeys() const {
  if (all_keys) return "~*";
  std::string text;
  for (const AclKeyPattern& key : keys) {
    if (!text.empty()) text += ' ';
    text += key.read && key.write ? "~" : key.read ? "%R~" : "%W~";
    text += key.pattern;
  }
  return text;
}

std::string AclSelector::DescribeChannels() const {
  if (all_channels) return "&*";
  std::string text;
  for (const std::string& channel : channels) {
    if (!text.empty()) text += ' ';
    text += '&' + channel;
  }
  return text;
}

std::string AclSelector::DescribeCommands() const {
  std::string text = all_commands ? "+@all" : "-@all";
  for (const std::string& rule : commands) text += ' ' + rule;
  return text;
}

std::string AclSelector::Describe() const {
  std::string text = DescribeKeys();
  if (!text.empty()) text += ' ';
  if (!all_channels) text += "resetchannels ";
  if (const std::string described = DescribeChannels(); !described.empty()) text += described + ' ';
  return text + DescribeCommands();
}

std::string AclUser::Describe() const {
  std::string text = enabled ? "on " : "off ";
  if (no_password) text += "nopass ";
  text += sanitize_payload ? "sanitize-payload " : "skip-sanitize-payload ";
  if (until_ms != 0) text += "until:" + std::to_string(until_ms) + ' ';
  for (const std::string& hash : passwords) text += '#' + hash + ' ';
  text += root.Describe();
  for (const AclSelector& selector : selectors) text += " (" + selector.Describe() + ')';
  return text;
}

AclUser NewAclUser(std::string_view name, bool all_channels) {
  AclUser user;
  user.name = name;
  user.root.all_channels = all_channels;
  return user;
}

AclUsers::AclUsers() {
  AclUser user = NewAclUser(kDefaultUser, true);
  user.enabled = user.no_password = true;
  user.root.all_keys = user.root.all_commands = true;
  users_[user.name] = std::make_shared<const AclUser>(user);
}

std::shared_ptr<const AclUser> AclUsers::Find(std::string_view name) const {
  const auto it = users_.find(name);
  return it == users_.end() ? nullptr : it->second;
}

void AclUsers::Put(AclUser user) {
  ++version_;
  std::shared_ptr<const AclUser>& place = users_[user.name];
  user.id = place == nullptr ? version_ : place->id;
  place = std::make_shared<const AclUser>(std::move(user));
  FindNextEnd();
}

bool AclUsers::Remove(std::string_view name) {
  const auto it = users_.find(name);
  if (it == users_.end() || name == kDefaultUser) return false;
  ++version_;
  users_.erase(it);
  FindNextEnd();
  return true;
}

// Users are few, and change seldom.
void AclUsers::FindNextEnd() {
  next_end_ms_ = UINT64_MAX;
  for (const auto& [name, user] : users_) {
    if (user->until_ms != 0) next_end_ms_ = std::min(next_end_ms_, user->until_ms);
  }
}

size_t AclUsers::RemoveEnded(uint64_t now_ms) {
  if (now_ms < next_end_ms_) return 0;
  const size_t removed = std::erase_if(users_, [now_ms](const auto& named) {
    return named.second->until_ms != 0 && named.second->until_ms <= now_ms;
  });
  version_ += removed;
  FindNextEnd();
  return removed;
}

void AclUsers::Save(Encoder& out) const {
  out.Varint(version_);
  out.Varint(users_.size());
  for (const auto& [name, user] : users_) {
    out.Bytes(name);
    out.Varint(user->id);
    out.U8(
        static_cast<uint8_t>(user->enabled | user->no_password << 1 | user->sanitize_payload << 2));
    out.Varint(user->created_ms);
    out.Varint(user->until_ms);
    out.Varint(user->passwords.size());
    for (const std::string& hash : user->passwords) out.Bytes(hash);
    SaveSelector(user->root, out);
    out.Varint(user->selectors.size());
    for (const AclSelector& selector : user->selectors) SaveSelector(selector, out);
  }
}

bool AclUsers::Load(Decoder& in, bool dated) {
  users_.clear();
  version_ = in.Varint();
  for (uint64_t n = in.Varint(); n > 0 && in.ok(); --n) {
    AclUser user;
    user.name = in.Bytes();
    user.id = in.Varint();
    const uint8_t flags = in.U8();
    user.enabled = flags & 1;
    user.no_password = flags & 2;
    user.sanitize_payload = flags & 4;
    if (dated) {
      user.created_ms = in.Varint();
      user.until_ms = in.Varint();
    }
    for (uint64_t m = in.Varint(); m > 0 && in.ok(); --m) user.passwords.emplace_back(in.Bytes());
    user.root = LoadSelector(in);
    for (uint64_t m = in.Varint(); m > 0 && in.ok(); --m)
      user.selectors.push_back(LoadSelector(in));
    std::string name = user.name;
    users_.insert_or_assign(std::move(name), std::make_shared<const AclUser>(std::move(user)));
  }
  FindNextEnd();
  return in.ok() && users_.contains(kDefaultUser);
}

}  // namespace mydis

// Watches: MYDIS FOLLOW, LISTEN and PLISTEN, resumed where they were (docs/watching.md).
#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "client/listener.h"

namespace mydis {
namespace {

// Pushes: their kind, the watch, the revision; then `last`, and what has happened.
constexpr size_t kRevisionWord = 2;
constexpr size_t kLastWord = 3;

uint64_t RevisionIn(const Value& value) {
  return value.kind() == Value::Kind::kInteger ? static_cast<uint64_t>(value.integer()) : 0;
}

bool IsTrue(const Value& value) {
  return value.kind() == Value::Kind::kBool
             ? value.boolean()
             : value.kind() == Value::Kind::kInteger && value.integer() != 0;
}

KeyChange::Kind KindOf(const std::string& word) {
  using Kind = KeyChange::Kind;
  constexpr std::array<std::pair<std::string_view, Kind>, 6> kWords = {{
      {"put", Kind::kPut},
      {"delete", Kind::kDelete},
      {"expire", Kind::kExpire},
      {"evict", Kind::kEvict},
      {"flush", Kind::kFlush},
      {"swap", Kind::kSwap},
  }};
  for (const auto& [name, kind] : kWords) {
    if (name == word) return kind;
  }
  return Kind::kPut;
}

// "GONE oldest current …"
uint64_t CurrentOf(std::string_view text) {
  uint64_t current = 0;
  const size_t second = text.find(' ', text.find(' ') + 1);
  if (second == std::string_view::npos) return 0;
  std::from_chars(text.data() + second + 1, text.data() + text.size(), current);
  return current;
}

Status Gone() {
  return {ErrorCode::kNotFound,
          "what came after the revision of this watch is not kept any more: read the keys again, "
          "and watch from the current revision"};
}

}  // namespace

Watcher::Watcher(ClientCore& core, SessionOptions settings,
                 std::shared_ptr<SessionRevisions> revisions, WatchOptions options,
                 WatchHandlers handlers)
    : Listener(core, std::move(settings)),
      revisions_(std::move(revisions)),
      options_(std::move(options)),
      handlers_(std::make_shared<WatchHandlers>(std::move(handlers))),
      has_place_(options_.from_revision != 0),
      complete_(options_.from_revision) {}

std::vector<Listener::Command> Watcher::Requests() {
  const bool keys = options_.of == WatchOptions::Of::kKeys;
  const bool channel = options_.of == WatchOptions::Of::kChannel;
  Command command = {"MYDIS", keys ? "FOLLOW" : channel ? "LISTEN" : "PLISTEN", options_.name};
  if (has_place_) {
    command.push_back("FROM");
    command.push_back(std::to_string(complete_));
  }
  if (keys) {
    command.push_back("DB");
    command.push_back(std::to_string(settings().database));
    if (options_.values) command.push_back("VALUES");
  }
  part_skip_ = part_told_;
  return {std::move(command)};
}

// {watch: number, revision: R}
void Watcher::TakeReply(const Value& value) {
  if (value.is_collection() && value.elements().size() == 4 && !has_place_) {
    complete_ = RevisionIn(value.elements()[3]);
    has_place_ = true;
  }
  Listening();
}

bool Watcher::TakeError(const Status& why, const std::string& text) {
  const bool gone = text.starts_with("GONE");
  if (has_listened()) TellEnd(gone ? Gone() : why, gone ? CurrentOf(text) : 0);
  return true;
}

void Watcher::TellEnd(Status why, uint64_t current) {
  Tell([handlers = handlers_, why = std::move(why), current] {
    if (handlers->on_end) handlers->on_end(why, current);
  });
}

// Whether an event has not been told yet: a connection tells the revision that was under way from
// its beginning.
bool Watcher::IsNew(uint64_t revision, bool last) {
  if (revision <= complete_) return false;
  if (revision != part_revision_) {
    part_revision_ = revision;
    part_told_ = part_skip_ = 0;
  }
  const bool is_new = part_skip_ == 0;
  if (is_new) {
    ++part_told_;
  } else {
    --part_skip_;
  }
  if (last) {
    complete_ = revision;
    part_told_ = part_skip_ = 0;
  }
  return is_new;
}

void Watcher::TakePush(const std::vector<Value>& words) {
  if (words.size() <= kRevisionWord || !words[0].is_string()) return;
  const std::string& kind = words[0].string();
  if (kind == "watch-gone" && words.size() == 4) {
    TellEnd(Gone(), RevisionIn(words[3]));
    return End();
  }
  const uint64_t revision = RevisionIn(words[kRevisionWord]);
  if (revision > kMostRevision) return;
  if (kind == "watch-revision") {
    complete_ = std::max(complete_, revision);
    part_told_ = part_skip_ = 0;
    Tell([handlers = handlers_, revision] {
      if (handlers->on_revision) handlers->on_revision(revision);
    });
  } else if (words.size() > kLastWord && IsNew(revision, IsTrue(words[kLastWord]))) {
    // Who is told of it sees at least that much in what the session reads next.
    SessionRevisions::Raise(revisions_->seen, revision);
    if (kind == "watch-change" && words.size() >= 7) TellChange(words);
    if (kind == "watch-message" && words.size() == 6) TellMessage(words);
  }
}

void Watcher::TellChange(const std::vector<Value>& words) {
  KeyChange change;
  change.revision = RevisionIn(words[kRevisionWord]);
  change.last = IsTrue(words[kLastWord]);
  if (words[4].is_string()) change.kind = KindOf(words[4].string());
  if (words[5].is_string()) change.key = words[5].string();
  if (words[6].is_string()) change.type = words[6].string();
  if (words.size() > 7 && words[7].is_string()) change.value = words[7].string();
  Tell([handlers = handlers_, change = std::move(change)] {
    if (handlers->on_change) handlers->on_change(change);
  });
}

void Watcher::TellMessage(const std::vector<Value>& words) {
  Message message;
  message.revision = RevisionIn(words[kRevisionWord]);
  if (words[4].is_string()) message.channel = words[4].string();
  if (words[5].is_string()) message.payload = words[5].string();
  if (options_.of == WatchOptions::Of::kPattern) message.pattern = options_.name;
  Tell([handlers = handlers_, message = std::move(message)] {
    if (handlers->on_message) handlers->on_message(message);
  });
}

}  // namespace mydis

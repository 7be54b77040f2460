// /v1/keys: values as raw bytes, with their revisions as ETags; and lists of keys.
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/duration.h"
#include "commands/key_revisions.h"
#include "protocol/resp_json.h"
#include "server/http/routes.h"

namespace mydis {
namespace {

constexpr int64_t kLongestWaitMs = 3'600'000;
constexpr std::string_view kBytes = "application/octet-stream";

std::string ETag(uint64_t revision) { return fmt::format("\"{}\"", revision); }

// What If-Match and If-None-Match name. Tags that are none of ours match nothing; what is not even
// in quotes is no tag.
struct ETags {
  bool given = false;
  bool any = false;  // "*"
  bool malformed = false;
  std::vector<uint64_t> revisions;

  // `weak`: W/"5" stands for "5", as for If-None-Match.
  static ETags Of(const std::string* field, bool weak) {
    ETags tags;
    if (field == nullptr) return tags;
    tags.given = true;
    std::string_view rest = *field;
    while (!rest.empty()) {
      std::string_view tag = rest.substr(0, rest.find(','));
      rest.remove_prefix(std::min(rest.size(), tag.size() + 1));
      while (tag.starts_with(' ')) tag.remove_prefix(1);
      while (tag.ends_with(' ')) tag.remove_suffix(1);
      if (tag == "*") tags.any = true;
      if (tag == "*" || tag.empty()) continue;
      if (tag.starts_with("W/")) {
        if (!weak) continue;
        tag.remove_prefix(2);
      }
      if (tag.size() < 2 || !tag.starts_with('"') || !tag.ends_with('"')) {
        tags.malformed = true;
        continue;
      }
      if (const auto revision = ReadHttpNumber(tag.substr(1, tag.size() - 2)))
        tags.revisions.push_back(*revision);
    }
    return tags;
  }
  // Of a key at this revision; 0: there is none.
  bool Match(uint64_t revision) const {
    return revision != 0 && (any || std::ranges::find(revisions, revision) != revisions.end());
  }
};

Status CheckETags(const HttpRequest& request) {
  for (const std::string_view field : {"if-match", "if-none-match"}) {
    if (ETags::Of(request.Field(field), true).malformed)
      return {ErrorCode::kInvalid,
              fmt::format("{} names a revision in quotes, \"5\", as ETag has it, or is *",
                          field == "if-match" ? "If-Match" : "If-None-Match")};
  }
  return Status::Ok();
}

const RespValue* FieldOf(const RespValue& map, std::string_view name) {
  for (size_t i = 0; i + 1 < map.elements.size(); i += 2) {
    if (map.elements[i].text == name) return &map.elements[i + 1];
  }
  return nullptr;
}

uint64_t RevisionIn(const RespValue& map) {
  const RespValue* revision = FieldOf(map, "revision");
  return revision == nullptr ? 0 : static_cast<uint64_t>(revision->integer);
}

void NoSuchKey(HttpExchange& x) { x.RespondError(404, "NOTFOUND", "there is no such key"); }

// --- GET, HEAD ---

class GetKeyHandler final : public HttpHandler {
 public:
  Status Prepare(HttpRequest& request) override {
    if (Status status = CheckETags(request); !status.ok()) return status;
    if (const std::string* text = request.Query("revision")) {
      const auto revision = ReadHttpNumber(*text);
      if (!revision) return Status(ErrorCode::kInvalid, "revision is a number of 0 or more");
      revision_ = *revision;
      // A state before it would take its own past for a change.
      request.min_revision = std::max(request.min_revision, revision_);
    }
    if (const std::string* text = request.Query("wait")) {
      const auto wait_ms = ParseDuration(*text);
      if (!wait_ms) return Status(ErrorCode::kInvalid, "wait: " + wait_ms.error().message());
      if (*wait_ms < 0 || *wait_ms > kLongestWaitMs)
        return Status(ErrorCode::kInvalid, "wait is at most 1h");
      if (request.Query("revision") == nullptr)
        return Status(ErrorCode::kInvalid, "wait needs revision: the ETag you have, or 0");
      wait_ms_ = *wait_ms;
    }
    return Status::Ok();
  }

  void Start(HttpExchange& x) override {
    const std::string& key = x.request().parameters[0];
    std::vector<std::string> words = {"MYDIS", "GETKEY", key};
    if (x.request().head.method == "HEAD") words.push_back("LENGTH");
    if (wait_ms_ > 0) {
      for (std::string word : {std::string("WAIT"), std::to_string(wait_ms_),
                               std::string("REVISION"), std::to_string(revision_)})
        words.push_back(std::move(word));
    }
    x.Send(words);
  }

  void OnReply(HttpExchange& x, RespValue reply) override {
    if (asked_type_) return RespondWrongType(x, reply);
    if (reply.is_error()) {
      if (!reply.text.starts_with("WRONGTYPE")) return x.RespondError(reply.text);
      asked_type_ = true;
      return x.Send({"TYPE", x.request().parameters[0]});
    }
    // The time is up.
    if (reply.is_null()) return RespondSame(x, revision_);
    if (RespondUnread(x, RevisionIn(reply))) return;
    HttpResponse response = HeadOf(reply);
    RespValue& last = reply.elements.back();
    if (last.type == RespValue::Type::kInteger) {
      response.length = static_cast<uint64_t>(last.integer);
    } else {
      response.body = std::move(last.text);
    }
    x.Respond(std::move(response));
  }

  bool OnLongReply(HttpExchange& x, const RespValue& so_far, uint64_t size) override {
    if (RespondUnread(x, RevisionIn(so_far))) return true;
    HttpResponse head = HeadOf(so_far);
    head.length = size;
    x.BeginBody(std::move(head));
    return true;
  }

 private:
  // Responds if that does not take the value, of a key at this revision.
  static bool RespondUnread(HttpExchange& x, uint64_t revision) {
    const ETags match = ETags::Of(x.request().Field("if-match"), false);
    if (revision == 0) {
      NoSuchKey(x);
    } else if (match.given && !match.Match(revision)) {
      x.RespondError(412, "CONDITION", fmt::format("the key is at revision {}", revision),
                     {{"ETag", ETag(revision)}});
    } else if (ETags::Of(x.request().Field("if-none-match"), true).Match(revision)) {
      RespondSame(x, revision);
    } else {
      return false;
    }
    return true;
  }

  // 0: there is no such key, and so no tag.
  static void RespondSame(HttpExchange& x, uint64_t revision) {
    HttpResponse response{.status = 304, .fields = {}, .body = {}, .length = {}};
    if (revision != 0) response.fields.emplace_back("ETag", ETag(revision));
    x.Respond(std::move(response));
  }

  static HttpResponse HeadOf(const RespValue& reply) {
    HttpResponse head{.fields = {{"ETag", ETag(RevisionIn(reply))}},
                      .body = {},
                      .content_type = kBytes,
                      .length = {}};
    const RespValue* ttl = FieldOf(reply, "ttl");
    if (ttl != nullptr && ttl->integer >= 0)
      head.fields.emplace_back("Mydis-Ttl", std::to_string(ttl->integer));
    return head;
  }

  static void RespondWrongType(HttpExchange& x, const RespValue& type) {
    constexpr std::pair<std::string_view, std::string_view> kReaders[] = {
        {"list", "LRANGE key 0 -1"},
        {"set", "SMEMBERS key"},
        {"hash", "HGETALL key"},
        {"zset", "ZRANGE key 0 -1 WITHSCORES"},
        {"stream", "XRANGE key - +"}};
    std::string message = "the key holds no string; read it with POST /v1/commands";
    for (const auto& [name, command] : kReaders) {
      if (name == type.text)
        message =
            fmt::format("the key holds a {}: read it with POST /v1/commands, {}", name, command);
    }
    x.RespondError(409, "WRONGTYPE", message);
  }

  uint64_t revision_ = 0;
  int64_t wait_ms_ = 0;
  bool asked_type_ = false;
};

// --- PUT, DELETE ---

// The words that say on what condition a change is made.
Status ReadCondition(const HttpRequest& request, std::vector<std::string>* words) {
  if (Status status = CheckETags(request); !status.ok()) return status;
  const ETags match = ETags::Of(request.Field("if-match"), false);
  const ETags none = ETags::Of(request.Field("if-none-match"), true);
  if (match.given && none.given)
    return Status(ErrorCode::kInvalid, "If-Match and If-None-Match: give one of the two");
  if (none.given && (!none.any || !none.revisions.empty()))
    return Status(ErrorCode::kInvalid, "only If-None-Match: * is known here, for a new key");
  if (none.given) words->push_back("MISSING");
  if (!match.given) return Status::Ok();
  if (match.any) {
    words->push_back("EXISTS");
    return Status::Ok();
  }
  if (match.revisions.size() > 1) return Status(ErrorCode::kInvalid, "If-Match: one ETag, or *");
  words->push_back("IF");
  // What is no tag of ours is no key's: nothing is at this revision.
  words->push_back(std::to_string(match.revisions.empty() ? INT64_MAX : match.revisions[0]));
  return Status::Ok();
}

class PutKeyHandler final : public HttpHandler {
 public:
  Status Prepare(HttpRequest& request) override {
    if (Status status = ReadCondition(request, &options_); !status.ok()) return status;
    const std::string* text = request.Query("ttl");
    if (text == nullptr) return Status::Ok();
    const auto ttl_ms = ParseDuration(*text);
    if (!ttl_ms) return Status(ErrorCode::kInvalid, "ttl: " + ttl_ms.error().message());
    if (*ttl_ms < 1) return Status(ErrorCode::kInvalid, "ttl is a length of time above 0");
    options_.push_back("PX");
    options_.push_back(std::to_string(*ttl_ms));
    return Status::Ok();
  }

  void Start(HttpExchange& x) override {
    x.set_writes();
    const std::string_view before[] = {"MYDIS", "PUTKEY", x.request().parameters[0]};
    const std::vector<std::string_view> after(options_.begin(), options_.end());
    x.SendWithBody(before, after);
  }

  void OnReply(HttpExchange& x, RespValue reply) override {
    if (reply.is_error()) return x.RespondError(reply.text);
    const RespValue* created = FieldOf(reply, "created");
    x.Respond({.status = created != nullptr && created->boolean ? 201 : 204,
               .fields = {{"ETag", ETag(RevisionIn(reply))}},
               .body = {},
               .content_type = {},
               .length = {}});
  }

 private:
  std::vector<std::string> options_;
};

class DeleteKeyHandler final : public HttpHandler {
 public:
  Status Prepare(HttpRequest& request) override { return ReadCondition(request, &options_); }

  void Start(HttpExchange& x) override {
    x.set_writes();
    std::vector<std::string> words = {"MYDIS", "DELETEKEY", x.request().parameters[0]};
    words.insert(words.end(), options_.begin(), options_.end());
    x.SendOnce(words);
  }

  void OnReply(HttpExchange& x, RespValue reply) override {
    if (reply.is_error()) return x.RespondError(reply.text);
    if (reply.integer == 0) return NoSuchKey(x);
    x.Respond({.status = 204, .fields = {}, .body = {}, .length = {}});
  }

 private:
  std::vector<std::string> options_;
};

// --- GET /v1/keys ---

class ListKeysHandler final : public HttpHandler {
 public:
  Status Prepare(HttpRequest& request) override {
    const std::string* prefix = request.Query("prefix");
    words_ = {"MYDIS", "LISTKEYS", prefix == nullptr ? "" : *prefix};
    for (const auto& [name, word] : {std::pair{"cursor", "CURSOR"}, {"limit", "COUNT"}}) {
      const std::string* text = request.Query(name);
      if (text == nullptr) continue;
      const auto number = ReadHttpNumber(*text);
      const bool limit = std::string_view(name) == "limit";
      if (limit && (!number || *number == 0 || *number > kMostListedKeys))
        return Status(ErrorCode::kInvalid,
                      fmt::format("limit is a number of keys from 1 to {}", kMostListedKeys));
      if (!number)
        return Status(ErrorCode::kInvalid, "cursor is the number of the response before");
      words_.push_back(word);
      words_.push_back(*text);
    }
    const auto values = ReadHttpFlag(request, "values");
    if (!values) return values.error();
    if (*values) words_.push_back("VALUES");
    return Status::Ok();
  }

  void Start(HttpExchange& x) override { x.Send(words_); }

  void OnReply(HttpExchange& x, RespValue reply) override {
    if (reply.is_error()) return x.RespondError(reply.text);
    HttpResponse response{.fields = {}, .body = {}, .length = {}};
    JsonWriter out(response.body);
    out.BeginObject().Key("keys").BeginArray();
    for (const RespValue& key : reply.elements[1].elements) WriteKey(key, out);
    out.EndArray().Key("cursor");
    const std::string& cursor = reply.elements[0].text;
    cursor == "0" ? out.Null() : out.String(cursor);
    out.Key("revision").Unsigned(x.revision()).EndObject();
    response.body += '\n';
    x.Respond(std::move(response));
  }

 private:
  static void WriteKey(const RespValue& key, JsonWriter& out) {
    const std::vector<RespValue>& parts = key.elements;
    out.BeginObject().Key("key").String(parts[0].text).Key("type").String(parts[1].text);
    out.Key("revision").Integer(parts[2].integer).Key("ttl_ms");
    parts[3].integer < 0 ? out.Null() : out.Integer(parts[3].integer);
    if (parts.size() > 4) {
      out.Key("value");
      WriteJson(parts[4], out);
    }
    out.EndObject();
  }

  std::vector<std::string> words_;
};

constexpr HttpParameter kGetParameters[] = {
    {"wait", "duration", "waits so long for a change, like 30s; needs revision"},
    {"revision", "integer", "the revision that the client has, from ETag; 0: the key is missing"},
};
constexpr HttpAnswer kGetAnswers[] = {
    {200, "the value's bytes, its revision as ETag, the time to live in ms as Mydis-Ttl"},
    {304,
     "the key is at a revision of If-None-Match, or wait is over and it is as revision says: "
     "missing "
     "still, too"},
    {404, "there is no such key; with wait: the one that revision says is gone"},
    {409, "the key holds no string"},
    {412, "the key is at no revision of If-Match"},
};
constexpr HttpParameter kPutParameters[] = {
    {"ttl", "duration", "the key goes after that time: 500ms, 30s, 2h; without it it stays"},
};
constexpr HttpAnswer kPutAnswers[] = {
    {201, "the key is new; its revision as ETag"},
    {204, "the value was replaced, of whatever type it was; the new revision as ETag"},
    {412, "If-Match: \"revision\" or *, or If-None-Match: *, does not hold; nothing was written"},
    {413, "the value is larger than a value may be"},
    kKeyReused,
};
constexpr HttpAnswer kDeleteAnswers[] = {
    {204, "the key, of whatever type, is gone"},
    {404, "there is no such key"},
    {412, "If-Match or If-None-Match does not hold; nothing was deleted"},
    kKeyReused,
};
constexpr HttpParameter kListParameters[] = {
    {"prefix", "string", "what the keys begin with"},
    {.name = "limit",
     .form = "integer",
     .summary = "about so many keys, 100 if not given, at most 10000",
     .minimum = 1,
     .maximum = kMostListedKeys},
    {"cursor", "string", "where to go on, from the response before"},
    {"values", "true|false", "strings come with their values"},
};
constexpr HttpAnswer kListAnswers[] = {
    {200, "keys in no order that means anything; cursor is null at the end"},
};

constexpr HttpRoute kRoutes[] = {
    {.method = "GET",
     .path = "/v1/keys",
     .summary = "Keys that begin alike, some at a time.",
     .commands = "MYDIS LISTKEYS",
     .parameters = kListParameters,
     .answers = kListAnswers,
     .make = MakeHttpHandler<ListKeysHandler>},
    {.method = "GET",
     .path = "/v1/keys/{key}",
     .summary = "The value of a key, or its next change.",
     .commands = "MYDIS GETKEY",
     .gives = "application/octet-stream",
     .parameters = kGetParameters,
     .answers = kGetAnswers,
     .make = MakeHttpHandler<GetKeyHandler>},
    {.method = "HEAD",
     .path = "/v1/keys/{key}",
     .summary = "Size, revision and time to live of a key.",
     .commands = "MYDIS GETKEY",
     .gives = "application/octet-stream",
     .parameters = kGetParameters,
     .answers = kGetAnswers,
     .make = MakeHttpHandler<GetKeyHandler>},
    {.method = "PUT",
     .path = "/v1/keys/{key}",
     .summary = "Sets a key to the bytes of the body.",
     .commands = "MYDIS PUTKEY",
     .body = HttpBody::kStreamed,
     .body_form = "the value's bytes",
     .gives = {},
     .parameters = kPutParameters,
     .answers = kPutAnswers,
     .once = true,
     .make = MakeHttpHandler<PutKeyHandler>},
    {.method = "DELETE",
     .path = "/v1/keys/{key}",
     .summary = "Deletes a key of any type.",
     .commands = "MYDIS DELETEKEY",
     .answers = kDeleteAnswers,
     .once = true,
     .make = MakeHttpHandler<DeleteKeyHandler>},
};

}  // namespace

std::span<const HttpRoute> KeyRoutes() { return kRoutes; }

}  // namespace mydis

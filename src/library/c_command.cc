// Single commands of the C interface.
#include "library/c_handles.h"

namespace mydis {

Status AddWords(size_t count, const char* const* texts, const size_t* lengths, Words& words) {
  if (count == 0 || texts == nullptr) return Missing("the command");
  for (size_t i = 0; i < count; ++i) {
    const bool is_empty = lengths != nullptr && lengths[i] == 0;
    if (texts[i] == nullptr && !is_empty) return Missing("a word of the command");
    if (is_empty) {
      words.Add(std::string_view());
    } else {
      words.Add(std::string_view(texts[i], lengths == nullptr ? strlen(texts[i]) : lengths[i]));
    }
  }
  return {};
}

Result<CallOptions> ToCallOptions(const mydis_call_options& options) {
  CallOptions call;
  switch (options.consistency) {
    case MYDIS_CONSISTENCY_DEFAULT:
      break;
    case MYDIS_EVENTUAL:
      call.consistency = Consistency::kEventual;
      break;
    case MYDIS_STRONG:
      call.consistency = Consistency::kStrong;
      break;
    default:
      return Fail(ErrorCode::kInvalid, "there is no such consistency");
  }
  if (options.time_limit_ms < 0) return Fail(ErrorCode::kInvalid, "the time limit is negative");
  if (options.time_limit_ms > 0) call.time_limit = std::chrono::milliseconds(options.time_limit_ms);
  call.min_revision = options.min_revision;
  call.request_id = TextOf(options.request_id, options.request_id_length);
  return call;
}

Result<CallKind> ToCallKind(const mydis_call_options& options) {
  static_assert(static_cast<int>(CallKind::kAny) == MYDIS_ANY);
  static_assert(static_cast<int>(CallKind::kRead) == MYDIS_READ);
  static_assert(static_cast<int>(CallKind::kWrite) == MYDIS_WRITE);
  static_assert(static_cast<int>(CallKind::kBlocking) == MYDIS_BLOCKING);
  if (options.kind < MYDIS_ANY || options.kind > MYDIS_BLOCKING) {
    return Fail(ErrorCode::kInvalid, "there is no such kind of command");
  }
  return static_cast<CallKind>(options.kind);
}

namespace {

// Everything that a command is, read from what C has for it. Views what it is read from.
struct CommandOfC {
  Words words;
  CallKind kind = CallKind::kAny;
  CallOptions options;

  Status Read(const mydis_session* session, size_t count, const char* const* texts,
              const size_t* lengths, const mydis_call_options* given) {
    if (session == nullptr) return Missing("the session");
    const mydis_call_options known = KnownPart(given);
    const Result<CallKind> read_kind = ToCallKind(known);
    if (!read_kind) return read_kind.error();
    const Result<CallOptions> read_options = ToCallOptions(known);
    if (!read_options) return read_options.error();
    kind = *read_kind;
    options = *read_options;
    return AddWords(count, texts, lengths, words);
  }
};

void CallBack(mydis_reply_callback callback, void* data, Result<Value> answer) noexcept {
  mydis_reply* reply = nullptr;
  mydis_error* const error = Guarded([&]() -> Status {
    if (!answer) return answer.error();
    reply = ToReply(*std::move(answer));
    return {};
  });
  callback(data, reply, error);
}

}  // namespace
}  // namespace mydis

using mydis::Result;
using mydis::Status;
using mydis::Value;

mydis_error* mydis_command(mydis_session* session, size_t count, const char* const* words,
                           const size_t* lengths, const mydis_call_options* options,
                           mydis_reply** out) {
  return mydis::Guarded([&]() -> Status {
    mydis::CommandOfC command;
    const Status status = command.Read(session, count, words, lengths, options);
    if (!status.ok()) return status;
    Result<Value> answer =
        session->session.Run<Value>(command.kind, command.words, command.options);
    if (!answer) return answer.error();
    mydis::GiveReply(*std::move(answer), out);
    return {};
  });
}

mydis_error* mydis_command_async(mydis_session* session, size_t count, const char* const* words,
                                 const size_t* lengths, const mydis_call_options* options,
                                 mydis_reply_callback callback, void* data) {
  return mydis::Guarded([&]() -> Status {
    if (callback == nullptr) return mydis::Missing("the callback");
    mydis::CommandOfC command;
    const Status status = command.Read(session, count, words, lengths, options);
    if (!status.ok()) return status;
    session->session.Async()
        .Run<Value>(command.kind, command.words, command.options)
        .Then([callback, data](Result<Value> answer) {
          mydis::CallBack(callback, data, std::move(answer));
        });
    return {};
  });
}

// What stands behind the handles of mydis/c.h, and how C++ failure becomes C's.
#pragma once

#include <cstring>
#include <exception>
#include <memory>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "mydis/c.h"
#include "mydis/client.h"
#include "mydis/instance.h"
#include "mydis/session.h"

struct mydis_error {
  mydis::Status status;
};

struct mydis_options {
  std::vector<std::pair<std::string, std::string>> values;  // As they were set; a name may recur.
};

struct mydis_client {
  std::unique_ptr<mydis::Client> client;
};

struct mydis_instance {
  std::unique_ptr<mydis::Instance> instance;
};

struct mydis_session {
  mydis::Session session;
};

struct mydis_subscription {
  mydis::Subscription subscription;
};

namespace mydis {

// Null if it is ok. What has no memory for an error gets one that there always is.
mydis_error* ToCError(const Status& status) noexcept;
mydis_error* OutOfMemory() noexcept;

// Runs `body`, a function that gives a Status: no exception leaves it.
template <typename Body>
mydis_error* Guarded(Body&& body) noexcept {
  try {
    return ToCError(std::forward<Body>(body)());
  } catch (const std::bad_alloc&) {
    return OutOfMemory();
  } catch (const std::exception& exception) {
    return ToCError(Status(ErrorCode::kInternal, exception.what()));
  }
}

inline Status Missing(const char* what) {
  return Status(ErrorCode::kInvalid, std::string(what) + " is NULL");
}

// A mydis_reply is a Value, whoever owns it: elements are replies as they stand.
inline mydis_reply* ToReply(Value value) {
  return reinterpret_cast<mydis_reply*>(new Value(std::move(value)));
}
inline const mydis_reply* AsReply(const Value* value) {
  return reinterpret_cast<const mydis_reply*>(value);
}
inline const Value* ValueOf(const mydis_reply* reply) {
  return reinterpret_cast<const Value*>(reply);
}

// To whoever wants it.
inline void GiveReply(Value value, mydis_reply** out) {
  if (out != nullptr) *out = ToReply(std::move(value));
}

// Of an option: without a length it ends with a zero.
inline std::string_view TextOf(const char* text, size_t length) {
  if (text == nullptr) return {};
  return length == 0 ? std::string_view(text) : std::string_view(text, length);
}

// What was answered, or `MYDIS_TYPE_ERROR` of a part of several.
Value ToElement(Result<Value> answer);

// Options as this library knows them, of a program that may know fewer or more; zeroes for NULL.
// REQUIRES: the struct begins with its size.
template <typename Options>
Options KnownPart(const Options* given) {
  Options known{};
  if (given != nullptr) std::memcpy(&known, given, std::min(given->size, sizeof known));
  return known;
}

// A command's words, added to `words`, which is empty.
Status AddWords(size_t count, const char* const* texts, const size_t* lengths, Words& words);
Result<CallOptions> ToCallOptions(const mydis_call_options& options);
Result<CallKind> ToCallKind(const mydis_call_options& options);

// An option that there is not, or whose value is wrong, is kInvalid and named.
Result<ClientOptions> ToClientOptions(const mydis_options* options);
Result<InstanceOptions> ToInstanceOptions(const mydis_options* options);
Result<SessionOptions> ToSessionOptions(const mydis_options* options);

}  // namespace mydis

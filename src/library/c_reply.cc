// Replies of the C interface.
#include "base/error_table.h"
#include "library/c_handles.h"

namespace {

using mydis::AsReply;
using mydis::Value;
using mydis::ValueOf;

static_assert(static_cast<int>(Value::Kind::kNull) == MYDIS_TYPE_NULL);
static_assert(static_cast<int>(Value::Kind::kInteger) == MYDIS_TYPE_INTEGER);
static_assert(static_cast<int>(Value::Kind::kDouble) == MYDIS_TYPE_DOUBLE);
static_assert(static_cast<int>(Value::Kind::kBool) == MYDIS_TYPE_BOOL);
static_assert(static_cast<int>(Value::Kind::kString) == MYDIS_TYPE_STRING);
static_assert(static_cast<int>(Value::Kind::kError) == MYDIS_TYPE_ERROR);
static_assert(static_cast<int>(Value::Kind::kArray) == MYDIS_TYPE_ARRAY);
static_assert(static_cast<int>(Value::Kind::kSet) == MYDIS_TYPE_SET);
static_assert(static_cast<int>(Value::Kind::kMap) == MYDIS_TYPE_MAP);
static_assert(static_cast<int>(Value::Kind::kPush) == MYDIS_TYPE_PUSH);

const Value kNothing;

const Value& Of(const mydis_reply* reply) { return reply == nullptr ? kNothing : *ValueOf(reply); }

}  // namespace

int mydis_reply_type(const mydis_reply* reply) { return static_cast<int>(Of(reply).kind()); }

int64_t mydis_reply_integer(const mydis_reply* reply) {
  const Value& value = Of(reply);
  if (value.kind() == Value::Kind::kBool) return value.boolean() ? 1 : 0;
  return value.kind() == Value::Kind::kInteger ? value.integer() : 0;
}

double mydis_reply_double(const mydis_reply* reply) {
  const Value& value = Of(reply);
  if (value.kind() == Value::Kind::kDouble) return value.number();
  return static_cast<double>(mydis_reply_integer(reply));
}

const char* mydis_reply_string(const mydis_reply* reply, size_t* length) {
  const Value& value = Of(reply);
  const bool has_bytes = value.is_string() || value.is_error();
  if (length != nullptr) *length = has_bytes ? value.string().size() : 0;
  return has_bytes ? value.string().c_str() : nullptr;
}

int mydis_reply_error_code(const mydis_reply* reply) {
  const Value& value = Of(reply);
  if (!value.is_error()) return MYDIS_OK;
  const std::string_view text = value.string();
  return static_cast<int>(mydis::FormOfPrefix(text.substr(0, text.find(' '))).code);
}

size_t mydis_reply_size(const mydis_reply* reply) {
  const Value& value = Of(reply);
  return value.is_collection() ? value.elements().size() : 0;
}

const mydis_reply* mydis_reply_element(const mydis_reply* reply, size_t index) {
  return index < mydis_reply_size(reply) ? AsReply(&Of(reply).elements()[index]) : nullptr;
}

const mydis_reply* mydis_reply_find(const mydis_reply* map, const char* name) {
  const Value& value = Of(map);
  if (value.kind() != Value::Kind::kMap || name == nullptr) return nullptr;
  const auto& elements = value.elements();
  for (size_t i = 0; i + 1 < elements.size(); i += 2) {
    if (elements[i].is_string() && elements[i].string() == name) return AsReply(&elements[i + 1]);
  }
  return nullptr;
}

void mydis_reply_free(mydis_reply* reply) { delete ValueOf(reply); }

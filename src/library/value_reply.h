// A command's Reply as a Value.
#pragma once

#include <vector>

#include "mydis/value.h"
#include "state/reply.h"

namespace mydis {

// One thread at a time, one answer.
class ValueReply final : public Reply {
 public:
  // Whether the answer, not a part of it, is an error.
  bool failed() const { return root_.is_error(); }
  Value Take() && { return std::move(root_); }

  void Simple(std::string_view text) override { Put(Value::String(std::string(text))); }
  void Error(std::string_view text) override { Put(Value::Error(std::string(text))); }
  void Integer(int64_t value) override { Put(Value::Integer(value)); }
  void Bulk(std::string_view bytes) override { Put(Value::String(std::string(bytes))); }
  void Null() override { Put(Value()); }
  void NullArray() override { Put(Value()); }
  void ArrayHeader(size_t count) override { Open(Value::Kind::kArray, count); }
  void MapHeader(size_t pairs) override { Open(Value::Kind::kMap, 2 * pairs); }
  void SetHeader(size_t count) override { Open(Value::Kind::kSet, count); }
  void PushHeader(size_t count) override { Open(Value::Kind::kPush, count); }
  // What comes beside an answer has no place in a Value.
  void AttributeHeader(size_t pairs) override;
  void Double(double value) override { Put(Value::Double(value)); }
  void Bool(bool value) override { Put(Value::Bool(value)); }
  void BigNumber(std::string_view digits) override { Bulk(digits); }
  void Verbatim(std::string_view, std::string_view text) override { Bulk(text); }
  size_t OpenArray() override;
  void CloseArray(size_t token, size_t count) override;
  int resp_version() const override { return 3; }

 private:
  static constexpr size_t kUntilClosed = SIZE_MAX;
  // A collection that is being told.
  struct Collection {
    Value::Kind kind;
    size_t missing;  // Elements; kUntilClosed: CloseArray ends it.
    bool dropped;
    std::vector<Value> elements;
  };

  void Put(Value value) {
    if (open_.empty()) [[likely]] {
      root_ = std::move(value);
    } else {
      PutInside(std::move(value));
    }
  }
  void Open(Value::Kind kind, size_t count);
  void PutInside(Value value);
  // Ends the collections that have all their elements, from the innermost on.
  void CloseFull();
  void CloseLast();

  Value root_;
  std::vector<Collection> open_;  // The innermost last.
};

}  // namespace mydis

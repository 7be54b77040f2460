// Whatever bytes a stream is loaded from, it is sound, can be read and changed, and saves as the
// same, with its groups, consumers and what is pending.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "types/stream.h"

namespace mydis {
namespace {

std::string Saved(const Stream& stream) {
  std::string bytes;
  Encoder out(bytes);
  stream.Save(out);
  return bytes;
}

size_t Walk(const Stream& stream, StreamIterator::Direction direction) {
  size_t entries = 0;
  StreamIterator walk(stream, {}, StreamId::Max(), direction);
  while (walk.Next()) {
    size_t fields = 0;
    walk.ForEachField([&](const auto&, const auto&) { ++fields; });
    MYDIS_ASSERT(fields == walk.fields(), "an entry has the fields it says");
    ++entries;
  }
  return entries;
}

void ChangeGroups(Stream& stream) {
  std::vector<std::string> names;
  for (const auto& [name, group] : stream.groups()) {
    names.push_back(name);
    (void)stream.Lag(group);
  }
  for (size_t i = 0; i < names.size(); ++i) {
    StreamGroup& group = *stream.FindGroup(names[i]);
    if (group.FindConsumer("consumer") == nullptr) group.CreateConsumer("consumer", 1);
    StreamConsumer& consumer = *group.FindConsumer("consumer");
    group.Deliver(stream.last_id(), consumer, 2);
    group.Acknowledge(stream.first_id());
    if (i % 2 == 0) group.DeleteConsumer(consumer);
    if (i % 3 == 0) stream.DestroyGroup(names[i]);
  }
}

void ReadAndChange(Stream& stream) {
  stream.CheckInvariants();
  const std::string saved = Saved(stream);
  Decoder in(saved);
  Stream again;
  MYDIS_ASSERT(Stream::Load(in, &again) && in.AtEnd() && Saved(again) == saved,
               "what was saved loads");
  MYDIS_ASSERT(again.MemoryBytes() == stream.MemoryBytes(), "memory follows from what is saved");
  MYDIS_ASSERT(Walk(stream, StreamIterator::Direction::kForward) == stream.size() &&
                   Walk(stream, StreamIterator::Direction::kBackward) == stream.size(),
               "a walk meets every entry");
  ChangeGroups(stream);
  const EncodingLimits limits;
  const std::string_view fields[] = {"field", "value"};
  if (const auto id = stream.NextId(5)) stream.Append(*id, fields, limits);
  stream.CheckInvariants();
  stream.Erase(stream.first_id());
  stream.Erase(stream.LastEntryId());
  stream.Trim({.kind = StreamTrim::Kind::kMaxLength, .max_length = stream.size() / 2});
  stream.CheckInvariants();
  MYDIS_ASSERT(Saved(stream.Clone()) == Saved(stream), "a copy is the same");
}

}  // namespace
}  // namespace mydis

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  mydis::Decoder in({reinterpret_cast<const char*>(data), size});
  mydis::Stream stream;
  if (mydis::Stream::Load(in, &stream)) mydis::ReadAndChange(stream);
  return 0;
}

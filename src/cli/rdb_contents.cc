#include "cli/rdb_contents.h"

#include <fmt/format.h>

#include <cstdlib>

#include "cli/fd_source.h"
#include "cli/time_text.h"
#include "state/rdb_skip.h"

namespace mydis {

std::string RdbContents::Title() const {
  std::string text = fmt::format("RDB version {}", version);
  if (const auto found = facts.find("redis-ver"); found != facts.end())
    text += ", of Redis " + found->second;
  if (const auto found = facts.find("ctime"); found != facts.end())
    text += ", written " + UtcText(std::strtoll(found->second.c_str(), nullptr, 10));
  return text + ", " + BytesText(bytes);
}

std::string RdbContents::Text(bool people) const {
  std::string text = Title() + "\n" + keys.Table(people);
  text += fmt::format("{}, {}\n", KeysText(keys.keys()), LibrariesText(libraries));
  for (const std::string& module : modules)
    text += fmt::format("data of the module {}, which is left out\n", module);
  return text;
}

namespace {

void Note(const RdbItem& item, RdbContents& contents) {
  switch (item.kind) {
    case RdbItem::Kind::kKey:
      contents.keys.Add(item.db, RdbTypeName(item.type), item.deadline_ms.has_value(), item.size);
      break;
    case RdbItem::Kind::kFunctions:
      ++contents.libraries;
      break;
    case RdbItem::Kind::kFact:
      contents.facts[item.name] = *item.bytes;
      break;
    case RdbItem::Kind::kModuleData:
      contents.modules.insert(item.name);
      break;
    case RdbItem::Kind::kEnd:
      break;
  }
}

}  // namespace

Status ReadRdb(int fd, uint64_t max_value, Progress& progress, RdbContents* contents,
               const RdbVisit& visit) {
  FdSource source(fd);
  RdbFileReader reader(source, max_value);
  // Of the end and of a failed read the reader knows the same.
  const auto why = [&source](const Status& status) {
    return source.status().ok() ? status : source.status();
  };
  if (Status status = reader.ReadHeader(); !status.ok()) return why(status);
  contents->version = reader.version();
  while (true) {
    Result<RdbItem> item = reader.Next();
    if (!item) return why(item.error());
    contents->bytes = reader.offset();
    progress.Update(reader.offset(), contents->keys.keys());
    if (item->kind == RdbItem::Kind::kEnd) return Status::Ok();
    Note(*item, *contents);
    if (Status status = visit(*item); !status.ok()) return status;
  }
}

}  // namespace mydis

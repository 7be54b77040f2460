#include "cli/cluster_status.h"

#include <fmt/core.h>

#include <algorithm>
#include <vector>

namespace mydis {
namespace {

using Type = RespValue::Type;

struct Column {
  std::string_view title;
  std::string_view field;
  bool number;
};

constexpr Column kColumns[] = {
    {"INSTANCE", "instance-id", false},
    {"ROLE", "role", false},
    {"STATE", "state", false},
    {"ADDRESS", "address", false},
    {"RAFT", "raft-port", true},
    {"MATCH", "match-index", true},
    {"LAG", "lag", true},
};

const RespValue* Field(const RespValue& map, std::string_view name) {
  for (size_t i = 0; i + 1 < map.elements.size(); i += 2) {
    if (map.elements[i].text == name) return &map.elements[i + 1];
  }
  return nullptr;
}

std::string Scalar(const RespValue* value) {
  if (value == nullptr || value->is_null()) return {};
  return value->type == Type::kInteger ? std::to_string(value->integer) : value->text;
}

bool Flag(const RespValue& map, std::string_view name) {
  const RespValue* value = Field(map, name);
  return value != nullptr && value->type == Type::kBool && value->boolean;
}

std::string FieldText(const RespValue& map, std::string_view name) {
  return Scalar(Field(map, name));
}

using Row = std::vector<std::string>;

Result<std::vector<Row>> Rows(const RespValue& status) {
  const RespValue* members = Field(status, "members");
  if (members == nullptr || !members->is_aggregate())
    return Fail(
        ErrorCode::kInvalid,
        "the reply to MYDIS STATUS has no members; is this a Mydis instance of this version?");
  std::vector<Row> rows;
  for (const RespValue& member : members->elements) {
    Row& row = rows.emplace_back();
    for (const Column& column : kColumns) {
      // Columns stay where they are, also for programs that split lines at blanks.
      const std::string cell = FieldText(member, column.field);
      row.push_back(cell.empty() ? "-" : cell);
    }
  }
  return rows;
}

std::string Heading(const RespValue& status) {
  if (FieldText(status, "role").empty())
    return fmt::format("instance {} belongs to no cluster yet\n", FieldText(status, "instance-id"));
  const std::string leader = FieldText(status, "leader");
  return fmt::format("cluster {} ({}), term {}, revision {}, {}\n",
                     FieldText(status, "cluster-name"), FieldText(status, "cluster-id"),
                     FieldText(status, "term"), FieldText(status, "revision"),
                     leader.empty() ? "no leader" : fmt::format("leader {}", leader));
}

// How this instance and the others speak with each other.
std::string Encryption(const RespValue& status) {
  if (!Flag(status, "peer-encryption"))
    return "connections between instances are not encrypted (--cluster-key-file)\n";
  return fmt::format("connections between instances are encrypted; cluster keys here: {}\n",
                     FieldText(status, "cluster-keys"));
}

}  // namespace

Result<std::string> ClusterTable(const RespValue& status) {
  Result<std::vector<Row>> rows = Rows(status);
  if (!rows) return Fail(rows.error());
  const std::string self = FieldText(status, "instance-id");
  for (Row& row : *rows) {
    if (row[0] == self) row[0] += " *";
  }
  std::vector<size_t> widths;
  for (size_t i = 0; i < std::size(kColumns); ++i) {
    size_t width = kColumns[i].title.size();
    for (const Row& row : *rows) width = std::max(width, row[i].size());
    widths.push_back(width);
  }
  std::string out = Heading(status) + Encryption(status);
  if (rows->empty()) return out;
  out += '\n';
  const auto append = [&](const auto& cell_of) {
    std::string line;
    for (size_t i = 0; i < std::size(kColumns); ++i) {
      const std::string_view cell = cell_of(i);
      line += kColumns[i].number ? fmt::format("{:>{}}  ", cell, widths[i])
                                 : fmt::format("{:<{}}  ", cell, widths[i]);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  };
  append([](size_t i) { return kColumns[i].title; });
  for (const Row& row : *rows) append([&](size_t i) { return std::string_view(row[i]); });
  out += "\n* the instance that answered\n";
  return out;
}

std::string ClusterTrouble(const RespValue& status) {
  if (FieldText(status, "role") == "removed")
    return "this instance was removed from the cluster: stop it, and wipe its data to join again";
  if (!Flag(status, "ready")) return FieldText(status, "reason");
  if (FieldText(status, "leader").empty())
    return "there is no leader: writes wait until a majority of the voters reach each other";
  return {};
}

bool IsMember(const RespValue& status) {
  if (FieldText(status, "role") == "removed") return false;
  const RespValue* members = Field(status, "members");
  return members != nullptr && !members->elements.empty();
}

Result<std::string> ClusterTabs(const RespValue& status) {
  const Result<std::vector<Row>> rows = Rows(status);
  if (!rows) return Fail(rows.error());
  std::string out;
  const char* separator = "";
  for (const Column& column : kColumns) {
    out += fmt::format("{}{}", separator, column.field);
    separator = "\t";
  }
  out += '\n';
  for (const Row& row : *rows) {
    separator = "";
    for (const std::string& cell : row) {
      out += separator + cell;
      separator = "\t";
    }
    out += '\n';
  }
  return out;
}

}  // namespace mydis

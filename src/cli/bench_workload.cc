#include "cli/bench_workload.h"

#include <fmt/core.h>

#include <algorithm>

#include "protocol/resp_writer.h"

namespace mydis {
namespace {

constexpr std::string_view kNumber = "__rand_int__";
constexpr std::string_view kData = "__data__";
constexpr size_t kDigits = 12;
static_assert(kNumber.size() == kDigits, "a number takes the place of its name");

constexpr int kListLength = 600;          // What the LRANGE tests find.
constexpr uint64_t kKeysACommand = 1000;  // That removes them.

constexpr std::string_view kFixedKeys[] = {"list", "set", "hash", "zset", "stream"};

std::string WithData(std::string_view word, std::string_view data) {
  std::string out;
  for (size_t at; (at = word.find(kData)) != std::string_view::npos;
       word.remove_prefix(at + kData.size())) {
    out += word.substr(0, at);
    out += data;
  }
  return out + std::string(word);
}

void PutNumber(char* place, uint64_t number) {
  for (size_t i = kDigits; i-- > 0; number /= 10) place[i] = static_cast<char>('0' + number % 10);
}

BenchTest Range(const std::string& list, int elements) {
  BenchTest test{fmt::format("lrange_{}", elements),
                 {"LRANGE", list, "0", std::to_string(elements - 1)},
                 {{"DEL", list}}};
  std::vector<std::string> fill = {"RPUSH", list};
  fill.resize(fill.size() + kListLength, std::string(kData));
  test.before.push_back(std::move(fill));
  return test;
}

}  // namespace

CommandTemplate::CommandTemplate(const std::vector<std::string>& words, std::string_view data) {
  RespWriter writer(bytes_, 2);
  writer.ArrayHeader(words.size());
  for (const std::string& word : words) {
    const std::string bulk = WithData(word, data);
    writer.Bulk(bulk);
    const size_t start = bytes_.size() - bulk.size() - 2;
    // Data has letters only, and so none of these.
    for (size_t at = bulk.find(kNumber); at != std::string::npos;
         at = bulk.find(kNumber, at + kDigits))
      numbers_.push_back(start + at);
  }
}

void CommandTemplate::Append(std::string& out, Random& random, uint64_t keyspace) const {
  const size_t start = out.size();
  out += bytes_;
  for (const size_t at : numbers_) PutNumber(out.data() + start + at, random.Below(keyspace));
}

std::string RunPrefix() { return fmt::format("{}{:016x}:", kKeptPrefix, RandomSeed()); }

std::vector<BenchTest> BenchTests(std::string_view prefix) {
  const auto named = [&](std::string_view name) { return fmt::format("{}{}", prefix, name); };
  const std::string key = named("key:__rand_int__");
  const std::string list = named("list");
  const std::string set = named("set");
  const std::string hash = named("hash");
  const std::string zset = named("zset");
  const std::string member = "member:__rand_int__";
  const std::string data(kData);
  std::vector<BenchTest> tests = {
      {"ping", {"PING"}, {}},
      {"set", {"SET", key, data}, {}},
      {"get", {"GET", key}, {}},
      {"incr", {"INCR", named("counter:__rand_int__")}, {}},
      {"lpush", {"LPUSH", list, data}, {}},
      {"rpush", {"RPUSH", list, data}, {}},
      {"lpop", {"LPOP", list}, {}},
      {"rpop", {"RPOP", list}, {}},
      {"sadd", {"SADD", set, member}, {}},
      {"hset", {"HSET", hash, member, data}, {}},
      {"hget", {"HGET", hash, member}, {}},
      {"spop", {"SPOP", set}, {}},
      {"zadd", {"ZADD", zset, std::string(kNumber), member}, {}},
      {"zpopmin", {"ZPOPMIN", zset}, {}},
  };
  for (const int elements : {100, 300, 500, 600}) tests.push_back(Range(list, elements));
  BenchTest mset{"mset", {"MSET"}, {}};
  for (int i = 0; i < 10; ++i) mset.words.insert(mset.words.end(), {key, data});
  tests.push_back(std::move(mset));
  tests.push_back({"xadd", {"XADD", named("stream"), "*", "field", data}, {}});
  return tests;
}

uint64_t CleanupCommands(uint64_t keyspace) {
  return 1 + (keyspace + kKeysACommand - 1) / kKeysACommand;
}

std::vector<std::string> CleanupCommand(std::string_view prefix, uint64_t i, uint64_t keyspace) {
  std::vector<std::string> command = {"UNLINK"};
  if (i == 0) {
    for (const std::string_view name : kFixedKeys)
      command.push_back(fmt::format("{}{}", prefix, name));
    return command;
  }
  const uint64_t end = std::min(i * kKeysACommand, keyspace);
  for (uint64_t n = (i - 1) * kKeysACommand; n < end; ++n) {
    command.push_back(fmt::format("{}key:{:012}", prefix, n));
    command.push_back(fmt::format("{}counter:{:012}", prefix, n));
  }
  return command;
}

std::string BenchData(size_t size) {
  Random random(1);
  std::string data(size, '\0');
  for (char& c : data) c = static_cast<char>('a' + random.Below(26));
  return data;
}

}  // namespace mydis

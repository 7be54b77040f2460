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

constexpr std::string_view kFixedKeys[] = {"bench:list", "bench:set", "bench:hash", "bench:zset",
                                           "bench:stream"};

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

BenchTest Range(int elements) {
  BenchTest test{fmt::format("lrange_{}", elements),
                 {"LRANGE", "bench:list", "0", std::to_string(elements - 1)},
                 {{"DEL", "bench:list"}}};
  std::vector<std::string> fill = {"RPUSH", "bench:list"};
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

std::vector<BenchTest> BenchTests() {
  const std::string key = "bench:key:__rand_int__";
  const std::string member = "member:__rand_int__";
  const std::string data(kData);
  std::vector<BenchTest> tests = {
      {"ping", {"PING"}, {}},
      {"set", {"SET", key, data}, {}},
      {"get", {"GET", key}, {}},
      {"incr", {"INCR", "bench:counter:__rand_int__"}, {}},
      {"lpush", {"LPUSH", "bench:list", data}, {}},
      {"rpush", {"RPUSH", "bench:list", data}, {}},
      {"lpop", {"LPOP", "bench:list"}, {}},
      {"rpop", {"RPOP", "bench:list"}, {}},
      {"sadd", {"SADD", "bench:set", member}, {}},
      {"hset", {"HSET", "bench:hash", member, data}, {}},
      {"hget", {"HGET", "bench:hash", member}, {}},
      {"spop", {"SPOP", "bench:set"}, {}},
      {"zadd", {"ZADD", "bench:zset", std::string(kNumber), member}, {}},
      {"zpopmin", {"ZPOPMIN", "bench:zset"}, {}},
  };
  for (const int elements : {100, 300, 500, 600}) tests.push_back(Range(elements));
  BenchTest mset{"mset", {"MSET"}, {}};
  for (int i = 0; i < 10; ++i) mset.words.insert(mset.words.end(), {key, data});
  tests.push_back(std::move(mset));
  tests.push_back({"xadd", {"XADD", "bench:stream", "*", "field", data}, {}});
  return tests;
}

uint64_t CleanupCommands(uint64_t keyspace) {
  return 1 + (keyspace + kKeysACommand - 1) / kKeysACommand;
}

std::vector<std::string> CleanupCommand(uint64_t i, uint64_t keyspace) {
  std::vector<std::string> command = {"UNLINK"};
  if (i == 0) {
    command.insert(command.end(), std::begin(kFixedKeys), std::end(kFixedKeys));
    return command;
  }
  const uint64_t end = std::min(i * kKeysACommand, keyspace);
  for (uint64_t n = (i - 1) * kKeysACommand; n < end; ++n) {
    command.push_back(fmt::format("bench:key:{:012}", n));
    command.push_back(fmt::format("bench:counter:{:012}", n));
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

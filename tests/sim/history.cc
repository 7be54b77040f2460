#include "history.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "machine.h"

namespace mydis::sim {

void History::Wrote(uint64_t index, uint64_t floor, std::string reply) {
  if (index <= floor)
    observer_.Fail(
        fmt::format("a write is at index {}, but {} was known when it was called", index, floor));
  if (!writes_.emplace(index, std::move(reply)).second)
    observer_.Fail(fmt::format("two writes were answered for index {}", index));
  highest_ = std::max(highest_, index);
}

void History::Read(uint64_t index, std::vector<std::string> words, std::string reply) {
  reads_.emplace(index, ReadAnswer{std::move(words), std::move(reply)});
}

void History::StrongRead(uint64_t index, uint64_t floor, std::vector<std::string> words,
                         std::string reply) {
  if (index < floor)
    observer_.Fail(fmt::format("a strong read saw index {}, but {} was known when it was called",
                               index, floor));
  highest_ = std::max(highest_, index);
  Read(index, std::move(words), std::move(reply));
}

void History::Compare(uint64_t index, const std::string& what, const std::string& expected,
                      const std::string& reply) const {
  if (expected != reply)
    observer_.Fail(fmt::format("{} at index {} was answered {}, the history says {}", what, index,
                               reply, expected));
}

void History::Check(const CommandTable& table, uint64_t applied, uint64_t digest) const {
  StateMachine machine(table, kHashSeed);
  auto read = reads_.begin();
  // Those that saw the state before `index`, which need not be that of an entry of clients.
  const auto check_reads = [&](uint64_t index) {
    for (; read != reads_.end() && read->first < index; ++read)
      Compare(read->first, fmt::format("{}", fmt::join(read->second.words, " ")),
              RunRead(table, machine, read->second.words), read->second.reply);
  };
  for (const auto& [index, payload] : observer_.payloads()) {
    if (index > applied) break;
    check_reads(index);
    SimSubmission submission;
    if (!machine.Apply(payload, &submission)) {
      observer_.Fail(fmt::format("the entry at index {} cannot be applied again", index));
      return;
    }
    if (const auto it = writes_.find(index); it != writes_.end())
      Compare(index, "a write", submission.reply, it->second);
  }
  check_reads(applied + 1);
  if (machine.Digest() != digest) observer_.Fail("the history, run again, ends with another state");
}

}  // namespace mydis::sim

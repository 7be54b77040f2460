// What clients were answered, held against the one history of all entries: it is run again on a
// fresh state machine, and every reply must be the one it gives there. Together with the order of
// the entries in real time that is linearizability, whatever the commands are.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "commands/table.h"
#include "observer.h"

namespace mydis::sim {

// One thread.
class History {
 public:
  explicit History(Observer& observer) : observer_(observer) {}

  // The index that whatever is called from now on may not be before.
  uint64_t Floor() const { return highest_; }
  // A write was answered; it is the entry at `index`. `floor` is from when it was called.
  void Wrote(uint64_t index, uint64_t floor, std::string reply);
  // A read was answered from the state after `index`. A strong one sees all that was known when it
  // was called.
  void Read(uint64_t index, std::vector<std::string> words, std::string reply);
  void StrongRead(uint64_t index, uint64_t floor, std::vector<std::string> words,
                  std::string reply);

  // Runs all entries up to `applied` again. The state is then the one of that digest.
  void Check(const CommandTable& table, uint64_t applied, uint64_t digest) const;
  size_t answers() const { return writes_.size() + reads_.size(); }

 private:
  struct ReadAnswer {
    std::vector<std::string> words;
    std::string reply;
  };
  void Compare(uint64_t index, const std::string& what, const std::string& expected,
               const std::string& reply) const;

  Observer& observer_;
  uint64_t highest_ = 0;
  std::map<uint64_t, std::string> writes_;
  std::multimap<uint64_t, ReadAnswer> reads_;
};

}  // namespace mydis::sim

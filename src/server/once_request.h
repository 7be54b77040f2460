// The id or number that a client has given a write (ONCE, NUMBERED), on its way from the session
// into the log.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "commands/spec.h"
#include "state/request_table.h"

namespace mydis {

struct StoredCommand;

// The fields are those of RequestTag.
struct OnceRequest {
  std::string user;
  std::string id;
  uint64_t words = 0;
  uint8_t resp_version = 2;
  uint64_t number = 0;
  uint64_t oldest = 0;

  RequestTag Tag() const { return {user, id, words, resp_version, number, oldest}; }
  // The prefix, for words that are carried out anew.
  std::vector<std::string> Prefix() const {
    if (number == 0) return {"ONCE", id};
    return {"NUMBERED", id, std::to_string(number), std::to_string(oldest)};
  }
};

// Constant once the write is submitted. Null: the write has no id.
using SharedOnceRequest = std::shared_ptr<OnceRequest>;

// Of what an id is given to: a command with its database, or the commands of a transaction.
uint64_t HashOfWords(uint32_t db, Args args);
uint64_t HashOfWords(std::span<const StoredCommand> commands);

}  // namespace mydis

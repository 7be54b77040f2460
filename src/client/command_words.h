// What a session has to know of the words of commands that are no typed calls. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "mydis/status.h"

namespace mydis {

// How long a command may wait, by its own words.
struct CommandWait {
  uint64_t limit_us = 0;  // 0: for ever.
  bool holds_up = true;   // What is behind it waits, too: it is sent over another connection.
  bool changes_nothing = false;
};

// Nothing: it does not wait.
std::optional<CommandWait> WaitOf(std::span<const std::string_view> words);

// Whether they are a read, on every server that knows them. No: they may be one all the same.
bool IsRead(std::span<const std::string_view> words);

// Whether they administer one instance: nobody in the cluster would know that they are sent again.
bool Administers(std::span<const std::string_view> words);

// Commands about the connection, which belongs to the library, are refused with an error that says
// what to use instead.
Status CheckWords(std::span<const std::string_view> words);

}  // namespace mydis

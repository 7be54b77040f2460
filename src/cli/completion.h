// Scripts that make a shell complete the command line of `mydis`, from the records of its
// subcommands. Main thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace mydis {

std::string BashCompletion();
std::string ZshCompletion();
std::string FishCompletion();

// What the text that stands for a value in the help says about what may be typed there.
struct ValueShape {
  enum class Kind { kOther, kFile, kDirectory, kChoice, kCommand };
  Kind kind = Kind::kOther;
  std::vector<std::string_view> choices;  // kChoice
};

// "F" and what begins with FILE: a file; "DIR": a directory; "yes|no": a choice; "COMMAND": a
// command of the Redis protocol.
ValueShape ShapeOf(std::string_view value);

// "-n", "--db" of "-n,--db".
std::vector<std::string_view> OptionNames(std::string_view names);

// All of them, a space between.
std::string JoinWords(const std::vector<std::string_view>& words);

}  // namespace mydis

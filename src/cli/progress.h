// A progress bar on standard error, for whatever may take longer than a second:
//
//   import  43% [=========>           ] 1.2 GB of 2.9 GB, 3.4M keys, 84.0 MB/s, 0:21 left
//
// It shows itself after a second, on a terminal alone, and takes itself off the screen at its end.
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"

namespace mydis {

// "812", "1.2k", "3.4M"
std::string CountText(uint64_t count);
// "812 B", "1.2 KB", "3.4 GB", by powers of 1000.
std::string BytesText(uint64_t bytes);
// "0:07", "12:31", "3:02:09"
std::string ClockText(uint64_t seconds);

// One thread.
class Progress {
 public:
  struct Options {
    std::string label;   // "import"
    uint64_t total = 0;  // Of what Update() counts; 0: nobody knows, and there is no bar.
    std::string unit;    // Empty: it counts bytes. Else what it counts, in the plural.
    std::string items;   // What else Update() counts, in the plural; empty: nothing.
  };

  // Where things have got to; what Line() shows.
  struct State {
    uint64_t done = 0;
    uint64_t items = 0;
    uint64_t elapsed_us = 0;
  };

  explicit Progress(Options options);
  ~Progress() { Clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void set_total(uint64_t total) { options_.total = total; }
  // To be called as often as it is handy: draws at most ten times a second.
  void Update(uint64_t done, uint64_t items = 0);
  // Takes the bar off the screen, so that a line may be printed; the next Update() draws it again.
  // What it showed is over: nothing stays.
  void Clear();

  // What is drawn, no wider than `width` columns.
  static std::string Line(const Options& options, const State& state, size_t width);

 private:
  void Draw(uint64_t now_us);

  Options options_;
  State state_;
  const bool terminal_;
  SystemClock clock_;
  const uint64_t start_us_;
  uint64_t next_us_;
  bool drawn_ = false;
};

}  // namespace mydis

#include "cli/progress.h"

#include <fmt/core.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace mydis {
namespace {

constexpr uint64_t kSecondUs = 1'000'000;
constexpr uint64_t kFirstUs = kSecondUs;
constexpr uint64_t kPeriodUs = kSecondUs / 10;
constexpr size_t kUsualWidth = 80;
constexpr size_t kWidestBar = 30;
constexpr size_t kNarrowestBar = 5;

// With one of the letters for each power of 1000 that was left out.
std::string Scaled(uint64_t number, std::string_view space) {
  constexpr std::string_view kLetters = "kMGTPE";
  if (number < 1000) return fmt::format("{}{}", number, space);
  auto value = static_cast<double>(number);
  size_t power = 0;
  // What would be rounded to 1000.0 is 1.0 of the next.
  while (value >= 999.95) {
    value /= 1000;
    ++power;
  }
  return fmt::format("{:.1f}{}{}", value, space, kLetters[power - 1]);
}

size_t TerminalWidth() {
  winsize size{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return kUsualWidth;
  return size.ws_col;
}

std::string Bar(double share, size_t width) {
  std::string bar(static_cast<size_t>(share * static_cast<double>(width)), '=');
  if (bar.size() < width) bar += '>';
  bar.resize(width, ' ');
  return bar;
}

}  // namespace

std::string CountText(uint64_t count) { return Scaled(count, ""); }

std::string BytesText(uint64_t bytes) {
  std::string text = Scaled(bytes, " ") + "B";
  std::replace(text.begin(), text.end(), 'k', 'K');
  return text;
}

std::string ClockText(uint64_t seconds) {
  const uint64_t minutes = seconds / 60;
  if (minutes < 60) return fmt::format("{}:{:02}", minutes, seconds % 60);
  return fmt::format("{}:{:02}:{:02}", minutes / 60, minutes % 60, seconds % 60);
}

Progress::Progress(Options options)
    : options_(std::move(options)),
      terminal_(isatty(STDERR_FILENO) != 0),
      start_us_(clock_.MonotonicUs()),
      next_us_(start_us_ + kFirstUs) {}

void Progress::Update(uint64_t done, uint64_t items) {
  state_.done = done;
  state_.items = items;
  if (!terminal_) return;
  if (const uint64_t now = clock_.MonotonicUs(); now >= next_us_) Draw(now);
}

void Progress::Draw(uint64_t now_us) {
  next_us_ = now_us + kPeriodUs;
  state_.elapsed_us = now_us - start_us_;
  // The last column stays empty: some terminals begin a new line there.
  fmt::print(stderr, "\r{}\x1b[K", Line(options_, state_, TerminalWidth() - 1));
  std::fflush(stderr);
  drawn_ = true;
}

void Progress::Clear() {
  if (!drawn_) return;
  fmt::print(stderr, "\r\x1b[K");
  std::fflush(stderr);
  drawn_ = false;
}

std::string Progress::Line(const Options& options, const State& state, size_t width) {
  const bool bytes = options.unit.empty();
  const auto text = [bytes](uint64_t n) { return bytes ? BytesText(n) : CountText(n); };
  const uint64_t elapsed_s = state.elapsed_us / kSecondUs;
  const double rate = static_cast<double>(state.done) * kSecondUs /
                      static_cast<double>(std::max<uint64_t>(state.elapsed_us, 1));
  std::string facts = text(state.done);
  if (options.total > 0) facts += " of " + text(std::max(options.total, state.done));
  if (!bytes) facts += " " + options.unit;
  if (!options.items.empty())
    facts += fmt::format(", {} {}", CountText(state.items), options.items);
  facts += fmt::format(", {}/s", text(static_cast<uint64_t>(rate)));
  if (options.total == 0) {
    facts += ", " + ClockText(elapsed_s);
    return fmt::format("{} {}", options.label, facts).substr(0, width);
  }
  const double share =
      std::min(1.0, static_cast<double>(state.done) / static_cast<double>(options.total));
  if (share > 0)
    facts += fmt::format(
        ", {} left",
        ClockText(static_cast<uint64_t>(static_cast<double>(elapsed_s) * (1 - share) / share)));
  const std::string head = fmt::format("{} {:3}%", options.label, static_cast<int>(share * 100));
  const size_t used = head.size() + facts.size() + 4;  // Spaces and brackets.
  if (width < used + kNarrowestBar) return fmt::format("{} {}", head, facts).substr(0, width);
  return fmt::format("{} [{}] {}", head, Bar(share, std::min(width - used, kWidestBar)), facts);
}

}  // namespace mydis

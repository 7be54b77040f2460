#include "cli/line_editor.h"

#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <cwchar>

namespace mydis {
namespace {

constexpr int kHistorySize = 1000;
constexpr size_t kShortestHint = 8;

volatile sig_atomic_t resized = 0;
void OnResize(int) { resized = 1; }

size_t TerminalWidth() {
  winsize size{};
  return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

size_t CommonPrefix(const std::vector<std::string>& texts) {
  size_t length = texts[0].size();
  for (const std::string& text : texts) {
    const auto [a, b] =
        std::mismatch(texts[0].begin(), texts[0].begin() + length, text.begin(), text.end());
    length = static_cast<size_t>(a - texts[0].begin());
  }
  return length;
}

}  // namespace

LineEditor::LineEditor(std::string history_path, int interrupt_fd, Callbacks callbacks)
    : history_path_(std::move(history_path)),
      interrupt_fd_(interrupt_fd),
      callbacks_(std::move(callbacks)) {
  // libedit's lines are wide characters: it needs an encoding for all that people type.
  std::setlocale(LC_CTYPE, "");
  if (MB_CUR_MAX == 1) std::setlocale(LC_CTYPE, "C.UTF-8");
  edit_ = el_init("mydis", stdin, stdout, stderr);
  history_ = history_init();
  HistEvent event;
  history(history_, &event, H_SETSIZE, kHistorySize);
  history(history_, &event, H_SETUNIQUE, 1);
  if (!history_path_.empty()) history(history_, &event, H_LOAD, history_path_.c_str());
  const char* terminal = std::getenv("TERM");
  show_hints_ = terminal != nullptr && std::strcmp(terminal, "dumb") != 0;
  struct sigaction action {};
  action.sa_handler = OnResize;
  action.sa_flags = SA_ONSTACK | SA_RESTART;  // As the Go runtime in the program wants it.
  sigaction(SIGWINCH, &action, nullptr);
  Bind();
}

LineEditor::~LineEditor() {
  signal(SIGWINCH, SIG_DFL);
  history_end(history_);
  el_end(edit_);
}

void LineEditor::Bind() {
  el_set(edit_, EL_CLIENTDATA, this);
  el_set(edit_, EL_HIST, history, history_);
  el_set(edit_, EL_PROMPT, &LineEditor::Prompt);
  if (show_hints_) el_set(edit_, EL_RPROMPT, &LineEditor::HintPrompt);
  el_set(edit_, EL_EDITOR, "emacs");
  el_set(edit_, EL_GETCFN, &LineEditor::ReadCharacter);
  // In wide characters: the narrow form copies these names and never frees them.
  el_wset(edit_, EL_ADDFN, L"mydis-complete", L"complete a command", &LineEditor::OnTab);
  el_wset(edit_, EL_ADDFN, L"mydis-space", L"insert a space", &LineEditor::OnSpace);
  el_set(edit_, EL_BIND, "\t", "mydis-complete", nullptr);
  el_set(edit_, EL_BIND, " ", "mydis-space", nullptr);
  el_set(edit_, EL_BIND, "^R", "em-inc-search-prev", nullptr);
  // The user's own ~/.editrc comes last.
  el_source(edit_, nullptr);
}

LineEditor* LineEditor::Self(EditLine* edit) {
  void* self = nullptr;
  el_get(edit, EL_CLIENTDATA, &self);
  return static_cast<LineEditor*>(self);
}

char* LineEditor::Prompt(EditLine* edit) { return Self(edit)->prompt_.data(); }

std::string_view LineEditor::TextToCursor() const {
  const LineInfo* info = el_line(edit_);
  return {info->buffer, static_cast<size_t>(info->cursor - info->buffer)};
}

char* LineEditor::HintPrompt(EditLine* edit) {
  LineEditor* self = Self(edit);
  self->hint_.clear();
  const std::string_view text = self->TextToCursor();
  if (text.find(' ') == std::string_view::npos) return self->hint_.data();
  std::string hint = self->callbacks_.hint(text);
  // libedit leaves out what does not fit, so cut it, with room for some words to be typed.
  const size_t used = self->prompt_.size() + text.size() + 24;
  const size_t width = TerminalWidth();
  const size_t room = width > used ? width - used : 0;
  if (hint.size() > room) hint = room < kShortestHint ? "" : hint.substr(0, room - 3) + "...";
  self->hint_ = std::move(hint);
  return self->hint_.data();
}

unsigned char LineEditor::OnTab(EditLine* edit, int) {
  LineEditor* self = Self(edit);
  const std::string text(self->TextToCursor());
  const std::vector<std::string> candidates = self->callbacks_.complete(text);
  if (candidates.size() == 1 && candidates[0].size() >= text.size()) {
    el_deletestr(edit, static_cast<int>(text.size()));
    el_insertstr(edit, (candidates[0] + " ").c_str());
    return CC_REFRESH;
  }
  if (candidates.size() > 1) {
    const size_t common = CommonPrefix(candidates);
    if (common > text.size()) {
      el_deletestr(edit, static_cast<int>(text.size()));
      el_insertstr(edit, candidates[0].substr(0, common).c_str());
      return CC_REFRESH;
    }
    std::fputc('\n', stdout);
    for (const std::string& candidate : candidates) std::fprintf(stdout, "%s  ", candidate.c_str());
    std::fputc('\n', stdout);
    return CC_REDISPLAY;
  }
  const std::string hint = self->callbacks_.hint(text);
  if (hint.empty()) return CC_ERROR;
  std::fprintf(stdout, "\n%s\n", hint.c_str());
  return CC_REDISPLAY;
}

// Refreshes the whole line, so that the hint goes along with what is typed.
unsigned char LineEditor::OnSpace(EditLine* edit, int) {
  return el_insertstr(edit, " ") == 0 ? CC_REFRESH : CC_ERROR;
}

int LineEditor::ReadCharacter(EditLine* edit, wchar_t* character) {
  LineEditor* self = Self(edit);
  std::mbstate_t state{};
  while (true) {
    pollfd fds[2] = {{STDIN_FILENO, POLLIN, 0}, {self->interrupt_fd_, POLLIN, 0}};
    const int ready = poll(fds, 2, -1);
    if (resized) {
      resized = 0;
      el_resize(edit);
    }
    if (ready < 0 && errno == EINTR) continue;
    if (ready < 0) return -1;
    if (fds[1].revents != 0) {
      self->interrupted_ = true;
      return -1;
    }
    char byte;
    const ssize_t n = read(STDIN_FILENO, &byte, 1);
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (n <= 0) return static_cast<int>(n);
    const size_t length = std::mbrtowc(character, &byte, 1, &state);
    if (length == static_cast<size_t>(-2)) continue;
    if (length == static_cast<size_t>(-1)) {
      // Not of this encoding: as nothing else can be done, drop it.
      state = {};
      continue;
    }
    return 1;
  }
}

LineEditor::Outcome LineEditor::Read(const std::string& prompt, std::string* line) {
  prompt_ = prompt;
  hint_.clear();
  interrupted_ = false;
  int length = 0;
  // Before the prompt shows, so that the terminal does not echo what comes at once.
  el_set(edit_, EL_PREP_TERM, 1);
  const char* text = el_gets(edit_, &length);
  if (interrupted_) {
    el_reset(edit_);
    std::fputc('\n', stdout);
    return Outcome::kInterrupted;
  }
  if (text == nullptr || length <= 0) return Outcome::kEnd;
  line->assign(text, static_cast<size_t>(length));
  while (!line->empty() && (line->back() == '\n' || line->back() == '\r')) line->pop_back();
  // A hint beside a finished line would look like a part of it.
  if (!hint_.empty() && prompt_.size() + line->size() < TerminalWidth())
    std::printf("\033[A\r%s%s\033[K\n", prompt_.c_str(), line->c_str());
  return Outcome::kLine;
}

void LineEditor::Remember(const std::string& line) {
  HistEvent event;
  history(history_, &event, H_ENTER, line.c_str());
  if (history_path_.empty()) return;
  // Values in there may be private.
  const mode_t before = umask(077);
  history(history_, &event, H_SAVE, history_path_.c_str());
  umask(before);
}

}  // namespace mydis

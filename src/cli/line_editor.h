// Reads lines from a terminal, with history, completion and hints. Main thread.
#pragma once

#include <histedit.h>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mydis {

class LineEditor {
 public:
  struct Callbacks {
    // Whole lines that the line up to the cursor may become.
    std::function<std::vector<std::string>(std::string_view text)> complete;
    // What may follow the line up to the cursor; shown beside it.
    std::function<std::string(std::string_view text)> hint;
  };
  enum class Outcome { kLine, kInterrupted, kEnd };

  // `history_path`: empty: nothing is kept. `interrupt_fd` becomes readable at a Ctrl-C.
  LineEditor(std::string history_path, int interrupt_fd, Callbacks callbacks);
  ~LineEditor();
  LineEditor(const LineEditor&) = delete;
  LineEditor& operator=(const LineEditor&) = delete;

  Outcome Read(const std::string& prompt, std::string* line);
  // Adds to the history, and to its file.
  void Remember(const std::string& line);

 private:
  static LineEditor* Self(EditLine* edit);
  static char* Prompt(EditLine* edit);
  static char* HintPrompt(EditLine* edit);
  static unsigned char OnTab(EditLine* edit, int key);
  static unsigned char OnSpace(EditLine* edit, int key);
  static int ReadCharacter(EditLine* edit, wchar_t* character);
  std::string_view TextToCursor() const;
  void Bind();

  std::string history_path_;
  int interrupt_fd_;
  Callbacks callbacks_;
  EditLine* edit_ = nullptr;
  History* history_ = nullptr;
  std::string prompt_;
  std::string hint_;
  bool show_hints_ = false;
  bool interrupted_ = false;
};

}  // namespace mydis

// Scripts and function libraries: their text and what is known about them. How they run is the
// script layer's business (docs/scripting.md).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/ascii.h"
#include "base/codec.h"

namespace mydis {

struct CachedScript {
  std::string text;
  uint32_t flags = 0;     // ScriptFlag.
  uint64_t last_use = 0;  // Of scripts that came with EVAL: order of use. 0: stays until a flush.
};

struct LibraryFunction {
  std::string description;
  bool has_description = false;
  uint32_t flags = 0;  // ScriptFlag.
};

struct FunctionLibrary {
  std::string name;
  std::string code;  // With its first line.
  std::string sha;   // Of `code`.
  // Functions are called by their names in any case, libraries are not.
  std::map<std::string, LibraryFunction, LessIgnoreCase> functions;
};

// Part of the state. Const calls: any thread that holds the state's lock shared. Others: the
// applying thread.
class Scripts {
 public:
  static constexpr size_t kMaxEvalScripts = 500;
  static constexpr size_t kMaxEvalBytes = size_t{64} << 20;

  // --- The cache of EVAL; `sha` is 40 hexadecimal digits in lower case ---
  const CachedScript* Find(std::string_view sha) const;
  // Adds a script that came with EVAL, or notes its use; drops those unused for longest when there
  // are too many.
  void AddEval(std::string_view sha, std::string_view text, uint32_t flags);
  // Notes the use of a script that is there.
  void Touch(std::string_view sha);
  // Adds a script that stays (SCRIPT LOAD).
  void AddLoaded(std::string_view sha, std::string_view text, uint32_t flags);
  void Flush();
  size_t size() const { return scripts_.size(); }
  // Bytes of all texts in the cache.
  size_t MemoryBytes() const { return eval_bytes_ + loaded_bytes_; }

  // --- Libraries ---
  using Libraries = std::map<std::string, FunctionLibrary, std::less<>>;
  const Libraries& libraries() const { return libraries_; }
  const FunctionLibrary* FindLibrary(std::string_view name) const;
  // The library that has the function, or nullptr.
  const FunctionLibrary* LibraryOf(std::string_view function) const;
  size_t functions() const { return functions_.size(); }
  size_t LibraryBytes() const { return library_bytes_; }
  // REQUIRES: no library has that name, and none of its functions' names is taken.
  void AddLibrary(FunctionLibrary library);
  bool RemoveLibrary(std::string_view name);
  void FlushLibraries();

  // Whether scripts may call DEBUG, as test suites of clients want it.
  bool debug_allowed() const { return debug_allowed_; }
  void set_debug_allowed(bool allowed) { debug_allowed_ = allowed; }

  void Save(Encoder& out) const;
  bool Load(Decoder& in);

 private:
  void Evict();
  void Used(std::string_view sha, CachedScript& script);

  std::map<std::string, CachedScript, std::less<>> scripts_;
  std::map<uint64_t, std::string> by_use_;  // Scripts of EVAL, the one unused for longest first.
  uint64_t uses_ = 0;
  size_t eval_bytes_ = 0;
  size_t loaded_bytes_ = 0;
  Libraries libraries_;
  std::map<std::string, std::string, LessIgnoreCase> functions_;  // Its library, by function.
  size_t library_bytes_ = 0;
  bool debug_allowed_ = false;
};

}  // namespace mydis

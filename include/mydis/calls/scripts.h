// Typed calls: scripts and functions, which every instance has once one was told of them. What they
// give is a Value, or what is asked for: `session.Eval<int64_t>("return 1")`.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "mydis/calls/call_base.h"

namespace mydis {

struct FunctionInfo {
  std::string name;
  std::string description;
  std::vector<std::string> flags;
};
struct LibraryInfo {
  std::string name;
  std::string engine;
  std::vector<FunctionInfo> functions;
  std::string code;  // If it was asked for.
};
struct FunctionListOptions {
  std::string_view library;  // A pattern; empty: all.
  bool with_code = false;
};

// What becomes of the functions that are there.
enum class FunctionRestorePolicy : uint8_t { kAppend, kFlush, kReplace };

namespace detail {

// What follows the script or function.
inline Words& AddKeysAndArgs(Words& words, const Strings& keys, const Strings& args) {
  return words.Add(keys.size(), keys, args);
}

template <>
struct Decoder<FunctionInfo> {
  static Result<FunctionInfo> From(Value value) {
    FunctionInfo info;
    return FieldReader(std::move(value))
        .Read("name", info.name)
        .Read("description", info.description)
        .Read("flags", info.flags)
        .Give(info);
  }
};
template <>
struct Decoder<LibraryInfo> {
  static Result<LibraryInfo> From(Value value) {
    LibraryInfo info;
    return FieldReader(std::move(value))
        .Read("library_name", info.name)
        .Read("engine", info.engine)
        .Read("functions", info.functions)
        .Read("library_code", info.code)
        .Give(info);
  }
};

}  // namespace detail

template <typename Self, template <typename> class Answer>
class ScriptCalls : public CallBase<Self, Answer, ScriptCalls<Self, Answer>> {
 public:
  template <typename T = Value>
  Answer<T> Eval(std::string_view script, const Strings& keys = {}, const Strings& args = {},
                 const CallOptions& options = {}) {
    Words words{"EVAL", script};
    return this->template Write<T>(detail::AddKeysAndArgs(words, keys, args), options);
  }
  // Of a script that changes nothing.
  template <typename T = Value>
  Answer<T> EvalRo(std::string_view script, const Strings& keys = {}, const Strings& args = {},
                   const CallOptions& options = {}) {
    Words words{"EVAL_RO", script};
    return this->template Read<T>(detail::AddKeysAndArgs(words, keys, args), options);
  }
  // `sha1`: what ScriptLoad gave. kNotFound if nobody has loaded it; class Script sees to that.
  template <typename T = Value>
  Answer<T> EvalSha(std::string_view sha1, const Strings& keys = {}, const Strings& args = {},
                    const CallOptions& options = {}) {
    Words words{"EVALSHA", sha1};
    return this->template Write<T>(detail::AddKeysAndArgs(words, keys, args), options);
  }
  template <typename T = Value>
  Answer<T> EvalShaRo(std::string_view sha1, const Strings& keys = {}, const Strings& args = {},
                      const CallOptions& options = {}) {
    Words words{"EVALSHA_RO", sha1};
    return this->template Read<T>(detail::AddKeysAndArgs(words, keys, args), options);
  }
  template <typename T = Value>
  Answer<T> FCall(std::string_view function, const Strings& keys = {}, const Strings& args = {},
                  const CallOptions& options = {}) {
    Words words{"FCALL", function};
    return this->template Write<T>(detail::AddKeysAndArgs(words, keys, args), options);
  }
  // Of a function that changes nothing.
  template <typename T = Value>
  Answer<T> FCallRo(std::string_view function, const Strings& keys = {}, const Strings& args = {},
                    const CallOptions& options = {}) {
    Words words{"FCALL_RO", function};
    return this->template Read<T>(detail::AddKeysAndArgs(words, keys, args), options);
  }
  // Its name for EvalSha, everywhere.
  Answer<std::string> ScriptLoad(std::string_view script, const CallOptions& options = {}) {
    return this->template Write<std::string>({"SCRIPT", "LOAD", script}, options);
  }
  Answer<std::vector<bool>> ScriptExists(const Strings& sha1s, const CallOptions& options = {}) {
    return this->template Read<std::vector<bool>>(Words{"SCRIPT", "EXISTS"}.Add(sha1s), options);
  }
  Answer<void> ScriptFlush(const CallOptions& options = {}) {
    return this->template Write<void>({"SCRIPT", "FLUSH"}, options);
  }
  // The library's name.
  Answer<std::string> FunctionLoad(std::string_view code, bool replace = false,
                                   const CallOptions& options = {}) {
    Words words{"FUNCTION", "LOAD"};
    return this->template Write<std::string>(words.AddIf(replace, "REPLACE").Add(code), options);
  }
  Answer<void> FunctionDelete(std::string_view library, const CallOptions& options = {}) {
    return this->template Write<void>({"FUNCTION", "DELETE", library}, options);
  }
  Answer<void> FunctionFlush(const CallOptions& options = {}) {
    return this->template Write<void>({"FUNCTION", "FLUSH"}, options);
  }
  Answer<std::vector<LibraryInfo>> FunctionList(const FunctionListOptions& list = {},
                                                const CallOptions& options = {}) {
    Words words{"FUNCTION", "LIST"};
    if (!list.library.empty()) words.Add("LIBRARYNAME", list.library);
    return this->template Read<std::vector<LibraryInfo>>(words.AddIf(list.with_code, "WITHCODE"),
                                                         options);
  }
  // All libraries, in bytes that FunctionRestore takes.
  Answer<std::string> FunctionDump(const CallOptions& options = {}) {
    return this->template Read<std::string>({"FUNCTION", "DUMP"}, options);
  }
  Answer<void> FunctionRestore(std::string_view dump,
                               FunctionRestorePolicy policy = FunctionRestorePolicy::kAppend,
                               const CallOptions& options = {}) {
    constexpr std::string_view kPolicies[] = {"APPEND", "FLUSH", "REPLACE"};
    return this->template Write<void>(
        {"FUNCTION", "RESTORE", dump, kPolicies[static_cast<size_t>(policy)]}, options);
  }
};

}  // namespace mydis

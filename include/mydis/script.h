// A script that is sent once and called by its name.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "mydis/session.h"

namespace mydis {

// A script is part of the replicated state: loaded once, it is known to every instance, after a
// restart too. Any thread, once it is made.
class Script {
 public:
  // Tells the cluster of it.
  static Result<Script> Load(Session session, std::string code) {
    Result<std::string> sha1 = session.ScriptLoad(code);
    if (!sha1) return std::unexpected(std::move(sha1.error()));
    return Script(std::move(code), *std::move(sha1));
  }

  const std::string& sha1() const { return sha1_; }
  const std::string& code() const { return code_; }

  // EVALSHA; if the cluster was told to forget all scripts, EVAL, which tells it again.
  template <typename T = Value>
  Result<T> Run(Session& session, const Strings& keys = {}, const Strings& args = {},
                const CallOptions& options = {}) const {
    Result<T> answer = session.EvalSha<T>(sha1_, keys, args, options);
    if (answer || answer.error().code() != ErrorCode::kNotFound) return answer;
    // The script may have run, and failed with such an error itself.
    const Result<std::vector<bool>> known = session.ScriptExists(sha1_, options);
    if (!known || (known->size() == 1 && known->front())) return answer;
    return session.Eval<T>(code_, keys, args, options);
  }

 private:
  Script(std::string code, std::string sha1) : code_(std::move(code)), sha1_(std::move(sha1)) {}

  std::string code_;
  std::string sha1_;
};

}  // namespace mydis

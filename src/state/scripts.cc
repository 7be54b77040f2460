#include "state/scripts.h"

#include "base/assert.h"
#include "base/sha1.h"

namespace mydis {

const CachedScript* Scripts::Find(std::string_view sha) const {
  const auto it = scripts_.find(sha);
  return it == scripts_.end() ? nullptr : &it->second;
}

void Scripts::Used(std::string_view sha, CachedScript& script) {
  by_use_.erase(script.last_use);
  script.last_use = ++uses_;
  by_use_.emplace(script.last_use, sha);
}

void Scripts::Touch(std::string_view sha) {
  const auto it = scripts_.find(sha);
  if (it != scripts_.end() && it->second.last_use != 0) Used(sha, it->second);
}

void Scripts::AddEval(std::string_view sha, std::string_view text, uint32_t flags) {
  const auto [it, fresh] = scripts_.try_emplace(std::string(sha));
  CachedScript& script = it->second;
  if (!fresh) {
    if (script.last_use != 0) Used(sha, script);
    return;
  }
  script.text = text;
  script.flags = flags;
  eval_bytes_ += text.size();
  Used(sha, script);
  Evict();
}

// The script just used stays, however large it is.
void Scripts::Evict() {
  while (by_use_.size() > 1 && (by_use_.size() > kMaxEvalScripts || eval_bytes_ > kMaxEvalBytes)) {
    const auto oldest = by_use_.begin();
    const auto script = scripts_.find(oldest->second);
    eval_bytes_ -= script->second.text.size();
    scripts_.erase(script);
    by_use_.erase(oldest);
  }
}

void Scripts::AddLoaded(std::string_view sha, std::string_view text, uint32_t flags) {
  const auto [it, fresh] = scripts_.try_emplace(std::string(sha));
  CachedScript& script = it->second;
  if (fresh) {
    script.text = text;
    script.flags = flags;
  } else if (script.last_use == 0) {
    return;
  } else {
    eval_bytes_ -= script.text.size();
    by_use_.erase(script.last_use);
    script.last_use = 0;
  }
  loaded_bytes_ += text.size();
}

void Scripts::Flush() {
  scripts_.clear();
  by_use_.clear();
  eval_bytes_ = 0;
  loaded_bytes_ = 0;
}

const FunctionLibrary* Scripts::FindLibrary(std::string_view name) const {
  const auto it = libraries_.find(name);
  return it == libraries_.end() ? nullptr : &it->second;
}

const FunctionLibrary* Scripts::LibraryOf(std::string_view function) const {
  const auto it = functions_.find(function);
  return it == functions_.end() ? nullptr : FindLibrary(it->second);
}

void Scripts::AddLibrary(FunctionLibrary library) {
  for (const auto& [name, function] : library.functions) {
    const bool fresh = functions_.emplace(name, library.name).second;
    MYDIS_ASSERT(fresh, "a function belongs to one library");
  }
  library_bytes_ += library.code.size();
  std::string name = library.name;
  const bool fresh = libraries_.emplace(std::move(name), std::move(library)).second;
  MYDIS_ASSERT(fresh, "a library is added once");
}

bool Scripts::RemoveLibrary(std::string_view name) {
  const auto it = libraries_.find(name);
  if (it == libraries_.end()) return false;
  for (const auto& [function, ignored] : it->second.functions) functions_.erase(function);
  library_bytes_ -= it->second.code.size();
  libraries_.erase(it);
  return true;
}

void Scripts::FlushLibraries() {
  libraries_.clear();
  functions_.clear();
  library_bytes_ = 0;
}

void Scripts::Save(Encoder& out) const {
  out.Varint(scripts_.size());
  for (const auto& [sha, script] : scripts_) {
    out.Bytes(sha);
    out.Bytes(script.text);
    out.Varint(script.flags);
    out.Varint(script.last_use);
  }
  out.Varint(uses_);
  out.U8(debug_allowed_ ? 1 : 0);
  out.Varint(libraries_.size());
  for (const auto& [name, library] : libraries_) {
    out.Bytes(name);
    out.Bytes(library.code);
    out.Varint(library.functions.size());
    for (const auto& [function, about] : library.functions) {
      out.Bytes(function);
      out.U8(about.has_description ? 1 : 0);
      out.Bytes(about.description);
      out.Varint(about.flags);
    }
  }
}

bool Scripts::Load(Decoder& in) {
  for (uint64_t n = in.Varint(); n > 0 && in.ok(); --n) {
    std::string sha(in.Bytes());
    CachedScript script;
    script.text = in.Bytes();
    script.flags = static_cast<uint32_t>(in.Varint());
    script.last_use = in.Varint();
    const bool eval = script.last_use != 0;
    (eval ? eval_bytes_ : loaded_bytes_) += script.text.size();
    if (eval && !by_use_.emplace(script.last_use, sha).second) return false;
    if (!scripts_.emplace(std::move(sha), std::move(script)).second) return false;
  }
  uses_ = in.Varint();
  debug_allowed_ = in.U8() != 0;
  for (uint64_t n = in.Varint(); n > 0 && in.ok(); --n) {
    FunctionLibrary library;
    library.name = in.Bytes();
    library.code = in.Bytes();
    library.sha = Sha1Hex(library.code);
    for (uint64_t m = in.Varint(); m > 0 && in.ok(); --m) {
      std::string name(in.Bytes());
      LibraryFunction about;
      about.has_description = in.U8() != 0;
      about.description = in.Bytes();
      about.flags = static_cast<uint32_t>(in.Varint());
      if (functions_.contains(name)) return false;
      library.functions.emplace(std::move(name), std::move(about));
    }
    if (!in.ok() || libraries_.contains(library.name)) return false;
    AddLibrary(std::move(library));
  }
  return in.ok() && (by_use_.empty() || by_use_.rbegin()->first <= uses_);
}

}  // namespace mydis

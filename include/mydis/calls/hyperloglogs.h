// Typed calls: HyperLogLogs, which estimate how many different things there were.
#pragma once

#include "mydis/calls/call_base.h"

namespace mydis {

template <typename Self, template <typename> class Answer>
class HyperLogLogCalls : public CallBase<Self, Answer, HyperLogLogCalls<Self, Answer>> {
 public:
  // Whether the estimate may have changed.
  Answer<bool> PfAdd(std::string_view key, const Strings& elements,
                     const CallOptions& options = {}) {
    return this->template Write<bool>(Words{"PFADD", key}.Add(elements), options);
  }
  // Of all of them together.
  Answer<int64_t> PfCount(const Strings& keys, const CallOptions& options = {}) {
    return this->template Read<int64_t>(Words{"PFCOUNT"}.Add(keys), options);
  }
  Answer<void> PfMerge(std::string_view destination, const Strings& keys,
                       const CallOptions& options = {}) {
    return this->template Write<void>(Words{"PFMERGE", destination}.Add(keys), options);
  }
};

}  // namespace mydis

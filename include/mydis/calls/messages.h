// Typed calls: publishing. Session::Subscribe and Session::Watch are how messages are heard.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "mydis/calls/call_base.h"

namespace mydis {

// What is said of subscribers is said of those of the instance that answers.
template <typename Self, template <typename> class Answer>
class MessageCalls : public CallBase<Self, Answer, MessageCalls<Self, Answer>> {
 public:
  // How many have been told so far; those of other instances hear it too. 0 where the write can be
  // sent again safely (docs/library.md): its answer is then the same at every instance, and their
  // subscribers are not.
  Answer<int64_t> Publish(std::string_view channel, std::string_view message,
                          const CallOptions& options = {}) {
    return this->template Write<int64_t>({"PUBLISH", channel, message}, options);
  }
  Answer<int64_t> SPublish(std::string_view channel, std::string_view message,
                           const CallOptions& options = {}) {
    return this->template Write<int64_t>({"SPUBLISH", channel, message}, options);
  }
  // Channels that have subscribers.
  Answer<std::vector<std::string>> PubSubChannels(std::string_view pattern = "*",
                                                  const CallOptions& options = {}) {
    return this->template Send<std::vector<std::string>>(CallKind::kAny,
                                                         {"PUBSUB", "CHANNELS", pattern}, options);
  }
  Answer<std::vector<std::pair<std::string, int64_t>>> PubSubNumSub(
      const Strings& channels, const CallOptions& options = {}) {
    return this->template Send<std::vector<std::pair<std::string, int64_t>>>(
        CallKind::kAny, Words{"PUBSUB", "NUMSUB"}.Add(channels), options);
  }
  // How many patterns there are.
  Answer<int64_t> PubSubNumPat(const CallOptions& options = {}) {
    return this->template Send<int64_t>(CallKind::kAny, {"PUBSUB", "NUMPAT"}, options);
  }
  Answer<std::vector<std::string>> PubSubShardChannels(std::string_view pattern = "*",
                                                       const CallOptions& options = {}) {
    return this->template Send<std::vector<std::string>>(
        CallKind::kAny, {"PUBSUB", "SHARDCHANNELS", pattern}, options);
  }
  Answer<std::vector<std::pair<std::string, int64_t>>> PubSubShardNumSub(
      const Strings& channels, const CallOptions& options = {}) {
    return this->template Send<std::vector<std::pair<std::string, int64_t>>>(
        CallKind::kAny, Words{"PUBSUB", "SHARDNUMSUB"}.Add(channels), options);
  }
};

}  // namespace mydis

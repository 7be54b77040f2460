// Publish/subscribe.
#include <algorithm>
#include <utility>

#include "client/listener.h"

namespace mydis {

Subscriber::Subscriber(ClientCore& core, SessionOptions settings, SubscribeOptions options,
                       SubscribeHandlers handlers)
    : Listener(core, std::move(settings)),
      options_(std::move(options)),
      handlers_(std::make_shared<SubscribeHandlers>(std::move(handlers))) {}

std::vector<Listener::Command> Subscriber::Requests() {
  confirmed_ = 0;
  std::vector<Command> requests;
  const auto add = [&requests](const char* name, const std::vector<std::string>& names) {
    if (names.empty()) return;
    Command& command = requests.emplace_back(Command{name});
    command.insert(command.end(), names.begin(), names.end());
  };
  add("SUBSCRIBE", options_.channels);
  add("PSUBSCRIBE", options_.patterns);
  return requests;
}

// Once it has begun it goes on when it may again: there is nobody to be told of an end.
bool Subscriber::TakeError(const Status&, const std::string&) { return !has_listened(); }

void Subscriber::TakePush(const std::vector<Value>& words) {
  // The third one of a confirmation is a number.
  if (words.size() < 3 || !words[0].is_string() || !words[1].is_string()) return;
  const std::string& kind = words[0].string();
  if (kind == "subscribe" || kind == "psubscribe") {
    if (++confirmed_ != options_.channels.size() + options_.patterns.size()) return;
    Listening();
    if (resumed()) {
      Tell([handlers = handlers_] {
        if (handlers->on_gap) handlers->on_gap();
      });
    }
    return;
  }
  const bool by_pattern = kind == "pmessage" && words.size() == 4;
  if (!by_pattern && (kind != "message" || words.size() != 3)) return;
  if (!std::ranges::all_of(words, &Value::is_string)) return;
  Message message;
  if (by_pattern) message.pattern = words[1].string();
  message.channel = words[by_pattern ? 2 : 1].string();
  message.payload = words[by_pattern ? 3 : 2].string();
  Tell([handlers = handlers_, message = std::move(message)] {
    if (handlers->on_message) handlers->on_message(message);
  });
}

}  // namespace mydis

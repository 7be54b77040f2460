// Subscriptions and watches of the C interface.
#include "library/c_handles.h"

using mydis::Guarded;
using mydis::KeyChange;
using mydis::KnownPart;
using mydis::Message;
using mydis::Missing;
using mydis::Result;
using mydis::Status;
using mydis::Subscription;
using mydis::WatchOptions;

namespace {

static_assert(static_cast<int>(KeyChange::Kind::kPut) == MYDIS_PUT);
static_assert(static_cast<int>(KeyChange::Kind::kDelete) == MYDIS_DELETE);
static_assert(static_cast<int>(KeyChange::Kind::kExpire) == MYDIS_EXPIRE);
static_assert(static_cast<int>(KeyChange::Kind::kEvict) == MYDIS_EVICT);
static_assert(static_cast<int>(KeyChange::Kind::kFlush) == MYDIS_FLUSH);
static_assert(static_cast<int>(KeyChange::Kind::kSwap) == MYDIS_SWAP);
static_assert(static_cast<int>(WatchOptions::Of::kKeys) == MYDIS_WATCH_KEYS);
static_assert(static_cast<int>(WatchOptions::Of::kChannel) == MYDIS_WATCH_CHANNEL);
static_assert(static_cast<int>(WatchOptions::Of::kPattern) == MYDIS_WATCH_PATTERN);

// A view.
mydis_message ToC(const Message& message) {
  const bool by_pattern = !message.pattern.empty();
  return {message.channel.c_str(),
          message.channel.size(),
          by_pattern ? message.pattern.c_str() : nullptr,
          message.pattern.size(),
          message.payload.c_str(),
          message.payload.size(),
          message.revision};
}

// A view.
mydis_key_change ToC(const KeyChange& change) {
  return {static_cast<int>(change.kind),
          change.key.c_str(),
          change.key.size(),
          change.type.c_str(),
          change.value ? change.value->c_str() : nullptr,
          change.value ? change.value->size() : 0,
          change.revision,
          change.last ? 1 : 0};
}

std::function<void(const Message&)> MessageHandler(void (*on_message)(void*, const mydis_message*),
                                                   void* data) {
  return [on_message, data](const Message& message) {
    const mydis_message given = ToC(message);
    if (on_message != nullptr) on_message(data, &given);
  };
}

Result<std::vector<std::string>> ToStrings(size_t count, const char* const* texts) {
  std::vector<std::string> strings;
  for (size_t i = 0; i < count; ++i) {
    if (texts == nullptr || texts[i] == nullptr) return mydis::Fail(Missing("a channel"));
    strings.emplace_back(texts[i]);
  }
  return strings;
}

mydis::WatchHandlers ToHandlers(const mydis_watch_handlers& given, void* data) {
  mydis::WatchHandlers handlers;
  handlers.on_change = [on_change = given.on_change, data](const KeyChange& change) {
    const mydis_key_change view = ToC(change);
    if (on_change != nullptr) on_change(data, &view);
  };
  handlers.on_message = MessageHandler(given.on_message, data);
  if (given.on_revision != nullptr) {
    handlers.on_revision = [on_revision = given.on_revision, data](uint64_t revision) {
      on_revision(data, revision);
    };
  }
  if (given.on_end != nullptr) {
    handlers.on_end = [on_end = given.on_end, data](const Status& why, uint64_t revision) {
      mydis_error* const error = mydis::ToCError(why);
      on_end(data, error, revision);
      mydis_error_free(error);
    };
  }
  return handlers;
}

// Hands out what listens; the memory for it is there before anything is listened to.
template <typename Listen>
Status Give(mydis_subscription** out, Listen&& listen) {
  if (out == nullptr) return Missing("out");
  auto handle = std::make_unique<mydis_subscription>();
  Result<Subscription> subscription = listen();
  if (!subscription) return subscription.error();
  handle->subscription = *std::move(subscription);
  *out = handle.release();
  return {};
}

}  // namespace

mydis_error* mydis_subscribe(mydis_session* session, size_t channel_count,
                             const char* const* channels, size_t pattern_count,
                             const char* const* patterns, const mydis_subscribe_handlers* handlers,
                             void* data, mydis_subscription** out) {
  return Guarded([&]() -> Status {
    if (session == nullptr) return Missing("the session");
    Result<std::vector<std::string>> channel_names = ToStrings(channel_count, channels);
    if (!channel_names) return channel_names.error();
    Result<std::vector<std::string>> pattern_names = ToStrings(pattern_count, patterns);
    if (!pattern_names) return pattern_names.error();
    const mydis_subscribe_handlers known = KnownPart(handlers);
    mydis::SubscribeHandlers made;
    made.on_message = MessageHandler(known.on_message, data);
    if (known.on_gap != nullptr) {
      made.on_gap = [on_gap = known.on_gap, data] { on_gap(data); };
    }
    return Give(out, [&] {
      return session->session.Subscribe({*std::move(channel_names), *std::move(pattern_names)},
                                        std::move(made));
    });
  });
}

mydis_error* mydis_watch(mydis_session* session, const mydis_watch_options* options,
                         const mydis_watch_handlers* handlers, void* data,
                         mydis_subscription** out) {
  return Guarded([&]() -> Status {
    if (session == nullptr) return Missing("the session");
    const mydis_watch_options known = KnownPart(options);
    if (known.of < MYDIS_WATCH_KEYS || known.of > MYDIS_WATCH_PATTERN) {
      return Status(mydis::ErrorCode::kInvalid, "nothing of this kind can be watched");
    }
    WatchOptions watch;
    watch.of = static_cast<WatchOptions::Of>(known.of);
    watch.name = mydis::TextOf(known.name, known.name_length);
    watch.from_revision = known.from_revision;
    watch.values = known.values != 0;
    return Give(out, [&] {
      return session->session.Watch(std::move(watch), ToHandlers(KnownPart(handlers), data));
    });
  });
}

void mydis_subscription_free(mydis_subscription* subscription) { delete subscription; }

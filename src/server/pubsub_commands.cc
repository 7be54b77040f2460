// SUBSCRIBE and its relatives, and PUBSUB. Publishing is commands/pubsub.cc.
#include <fmt/format.h>

#include "base/ascii.h"
#include "server/connection.h"
#include "server/io_thread.h"
#include "server/local_context.h"
#include "server/local_families.h"
#include "server/node.h"

namespace mydis {
namespace {

struct Words {
  SubscriptionKind kind;
  std::string_view subscribed;  // What the client is told.
  std::string_view unsubscribed;
};
constexpr Words kChannels = {SubscriptionKind::kChannel, "subscribe", "unsubscribe"};
constexpr Words kPatterns = {SubscriptionKind::kPattern, "psubscribe", "punsubscribe"};
constexpr Words kShardChannels = {SubscriptionKind::kShardChannel, "ssubscribe", "sunsubscribe"};

// What the client is subscribed to now: shard channels count apart from all else.
int64_t CountFor(const LocalContext& c, SubscriptionKind kind) {
  const auto& counts = c.session.record->subscribed;
  if (kind == SubscriptionKind::kShardChannel)
    return counts[static_cast<size_t>(SubscriptionKind::kShardChannel)];
  return counts[static_cast<size_t>(SubscriptionKind::kChannel)] +
         counts[static_cast<size_t>(SubscriptionKind::kPattern)];
}

void Confirm(LocalContext& c, std::string_view word, std::optional<std::string_view> name,
             SubscriptionKind kind) {
  c.reply.PushHeader(3);
  c.reply.Bulk(word);
  if (name) {
    c.reply.Bulk(*name);
  } else {
    c.reply.Null();
  }
  c.reply.Integer(CountFor(c, kind));
}

void Subscribe(LocalContext& c, const Words& words) {
  if (c.node.consensus().readiness() != Readiness::kReady)
    return c.reply.Error(c.node.StaleError());
  for (std::string_view name : c.args.subspan(1)) {
    c.thread.listeners().Subscribe(c.connection, words.kind, name);
    Confirm(c, words.subscribed, name, words.kind);
  }
}

void Unsubscribe(LocalContext& c, const Words& words) {
  const auto leave = [&](std::string_view name) {
    c.thread.listeners().Unsubscribe(c.connection, words.kind, name);
    Confirm(c, words.unsubscribed, name, words.kind);
  };
  if (c.args.size() > 1) {
    for (std::string_view name : c.args.subspan(1)) leave(name);
    return;
  }
  if (!c.session.subscribed() ||
      c.session.subscriptions->names[static_cast<size_t>(words.kind)].empty())
    return Confirm(c, words.unsubscribed, std::nullopt, words.kind);
  const auto names = c.session.subscriptions->names[static_cast<size_t>(words.kind)];
  for (const std::string& name : names) leave(name);
}

void SubscribeCommand(LocalContext& c) { Subscribe(c, kChannels); }
void PsubscribeCommand(LocalContext& c) { Subscribe(c, kPatterns); }
void SsubscribeCommand(LocalContext& c) {
  if (c.in_transaction)
    return c.reply.Error("ERR SSUBSCRIBE isn't allowed for a DENY BLOCKING client");
  Subscribe(c, kShardChannels);
}
void UnsubscribeCommand(LocalContext& c) { Unsubscribe(c, kChannels); }
void PunsubscribeCommand(LocalContext& c) { Unsubscribe(c, kPatterns); }
void SunsubscribeCommand(LocalContext& c) { Unsubscribe(c, kShardChannels); }

void ListNames(LocalContext& c, SubscriptionKind kind) {
  if (c.args.size() > 3) {
    return c.reply.Error(
        fmt::format("ERR unknown subcommand or wrong number of arguments for '{}'. "
                    "Try PUBSUB HELP.",
                    c.args[1]));
  }
  const auto names = c.node.core().audience.Names(kind, c.args.size() == 3 ? c.args[2] : "*");
  c.reply.ArrayHeader(names.size());
  for (const std::string& name : names) c.reply.Bulk(name);
}

void CountNames(LocalContext& c, SubscriptionKind kind) {
  const Args names = c.args.subspan(2);
  c.reply.ArrayHeader(names.size() * 2);
  for (std::string_view name : names) {
    c.reply.Bulk(name);
    c.reply.Integer(static_cast<int64_t>(c.node.core().audience.Count(kind, name)));
  }
}

void Channels(LocalContext& c) { ListNames(c, SubscriptionKind::kChannel); }
void ShardChannels(LocalContext& c) { ListNames(c, SubscriptionKind::kShardChannel); }
void NumSub(LocalContext& c) { CountNames(c, SubscriptionKind::kChannel); }
void ShardNumSub(LocalContext& c) { CountNames(c, SubscriptionKind::kShardChannel); }
void NumPat(LocalContext& c) {
  c.reply.Integer(static_cast<int64_t>(c.node.core().audience.Size(SubscriptionKind::kPattern)));
}

void Help(LocalContext& c) {
  constexpr std::string_view kLines[] = {
      "PUBSUB <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
      "CHANNELS [<pattern>]",
      "    Channels with subscribers on this instance, those that match <pattern>.",
      "NUMPAT",
      "    How many patterns clients of this instance are subscribed to.",
      "NUMSUB [<channel> ...]",
      "    How many clients of this instance are subscribed to the channels, not counting",
      "    patterns.",
      "SHARDCHANNELS [<pattern>]",
      "    Shard channels with subscribers on this instance, those that match <pattern>.",
      "SHARDNUMSUB [<shardchannel> ...]",
      "    How many clients of this instance are subscribed to the shard channels.",
      "HELP",
      "    Print this help.",
  };
  c.reply.ArrayHeader(std::size(kLines));
  for (std::string_view line : kLines) c.reply.Simple(line);
}

constexpr uint32_t kFlags = kPubSubFlag | kNoScript | kLoading | kStale;
constexpr KeySpec kShardChannelKeys[] = {KeyRange(kKeyNotKey, 1, -1)};

constexpr CommandSpec Sub(std::string_view name, int arity, std::string_view since,
                          std::string_view complexity, std::string_view summary,
                          std::string_view arguments, LocalHandler handler) {
  return {.name = name,
          .arity = arity,
          .effect = Effect::kLocal,
          .flags = name == "help" ? kLoading | kStale : kPubSubFlag | kLoading | kStale,
          .group = Group::kPubSub,
          .since = since,
          .complexity = complexity,
          .summary = summary,
          .arguments = arguments,
          .handler = handler};
}

constexpr CommandSpec kSubcommands[] = {
    Sub("channels", -2, "2.8.0", "O(N) where N is the number of channels with subscribers",
        "The channels that clients of this instance are subscribed to.", "[pattern]", Channels),
    Sub("help", 2, "6.2.0", "O(1)", "Helpful text about the subcommands.", "", Help),
    Sub("numpat", 2, "2.8.0", "O(1)",
        "How many patterns clients of this instance are subscribed to.", "", NumPat),
    Sub("numsub", -2, "2.8.0", "O(N) where N is the number of channels named",
        "How many clients of this instance are subscribed to each channel.",
        "[channel [channel ...]]", NumSub),
    Sub("shardchannels", -2, "7.0.0",
        "O(N) where N is the number of shard channels with subscribers",
        "The shard channels that clients of this instance are subscribed to.", "[pattern]",
        ShardChannels),
    Sub("shardnumsub", -2, "7.0.0", "O(N) where N is the number of shard channels named",
        "How many clients of this instance are subscribed to each shard channel.",
        "[shardchannel [shardchannel ...]]", ShardNumSub),
};

constexpr CommandSpec Command(std::string_view name, int arity, std::span<const KeySpec> keys,
                              std::string_view since, std::string_view summary,
                              std::string_view arguments, LocalHandler handler) {
  return {.name = name,
          .arity = arity,
          .effect = Effect::kLocal,
          .flags = kFlags,
          .keys = keys,
          .group = Group::kPubSub,
          .since = since,
          .complexity = "O(N) where N is the number of names given, or subscribed to.",
          .summary = summary,
          .arguments = arguments,
          .handler = handler};
}

constexpr CommandSpec kFamily[] = {
    Command("psubscribe", -2, {}, "2.0.0",
            "Listens to the channels that match patterns, whichever instance is published through.",
            "pattern [pattern ...]", PsubscribeCommand),
    {.name = "pubsub",
     .arity = -2,
     .effect = Effect::kLocal,
     .flags = kFlagNone,
     .group = Group::kPubSub,
     .since = "2.8.0",
     .complexity = "Depends on subcommand.",
     .summary = "A container for commands about subscriptions.",
     .arguments = "",
     .handler = {},
     .subcommands = kSubcommands},
    Command("punsubscribe", -1, {}, "2.0.0", "Stops listening to patterns, or to all of them.",
            "[pattern [pattern ...]]", PunsubscribeCommand),
    Command("ssubscribe", -2, kShardChannelKeys, "7.0.0",
            "Listens to shard channels, whichever instance is published through.",
            "shardchannel [shardchannel ...]", SsubscribeCommand),
    Command("subscribe", -2, {}, "2.0.0",
            "Listens to channels, whichever instance is published through.",
            "channel [channel ...]", SubscribeCommand),
    Command("sunsubscribe", -1, kShardChannelKeys, "7.0.0",
            "Stops listening to shard channels, or to all of them.",
            "[shardchannel [shardchannel ...]]", SunsubscribeCommand),
    Command("unsubscribe", -1, {}, "2.0.0", "Stops listening to channels, or to all of them.",
            "[channel [channel ...]]", UnsubscribeCommand),
};

}  // namespace

std::span<const CommandSpec> PubSubFamily() { return kFamily; }

}  // namespace mydis

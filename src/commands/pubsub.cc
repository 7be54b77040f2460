// PUBLISH, SPUBLISH: writes without keys, so that the log gives all messages one order.
#include "commands/pubsub.h"

namespace mydis {
namespace {

void Publish(WriteContext& context, bool sharded) {
  MessageListener* listener = context.state.messages;
  const int64_t receivers =
      listener == nullptr ? 0 : listener->OnMessage(sharded, context.args[1], context.args[2]);
  // What scripts see they may write, and instances differ in their subscribers.
  context.reply.Integer(context.in_script || context.reply_is_kept ? 0 : receivers);
}

void PublishCommand(WriteContext& context) { Publish(context, false); }
void SpublishCommand(WriteContext& context) { Publish(context, true); }

constexpr KeySpec kShardChannel[] = {OneKey(kKeyNotKey)};

constexpr CommandSpec kCommands[] = {
    {
        .name = "publish",
        .arity = 3,
        .effect = Effect::kWrite,
        .flags = kPubSubFlag | kLoading | kStale | kFast | kNoEffectFlag | kMayReplicate,
        .keys = {},
        .group = Group::kPubSub,
        .since = "2.0.0",
        .complexity = "O(N+M) where N is the number of clients subscribed to the channel and M the "
                      "number of patterns, on each instance.",
        .summary = "Sends a message to the subscribers of a channel, on all instances; answers how "
                   "many of this instance get it.",
        .arguments = "channel message",
        .example = "PUBLISH news hello",
        .example_reply = ":0",
        .handler = PublishCommand,
    },
    {
        .name = "spublish",
        .arity = 3,
        .effect = Effect::kWrite,
        .flags = kPubSubFlag | kLoading | kStale | kFast | kNoEffectFlag | kMayReplicate,
        .keys = kShardChannel,
        .group = Group::kPubSub,
        .since = "7.0.0",
        .complexity = "O(N) where N is the number of clients subscribed to the channel.",
        .summary = "Sends a message to the subscribers of a shard channel, on all instances.",
        .arguments = "shardchannel message",
        .example = "SPUBLISH news hello",
        .example_reply = ":0",
        .handler = SpublishCommand,
    },
};

}  // namespace

std::span<const CommandSpec> PublishFamily() { return kCommands; }

}  // namespace mydis

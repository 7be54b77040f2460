// CLIENT TRACKING, CACHING, GETREDIR, TRACKINGINFO: client-side caching.
#include <fmt/format.h>

#include <algorithm>

#include "base/ascii.h"
#include "commands/arg_parser.h"
#include "server/connection.h"
#include "server/io_thread.h"
#include "server/local_context.h"
#include "server/local_families.h"
#include "server/node.h"

namespace mydis {
namespace {

struct Wanted {
  Tracking tracking;
  std::vector<std::string> prefixes;
};

// False if the words are wrong; then the error has been sent.
bool ParseOptions(LocalContext& c, Wanted& wanted) {
  for (size_t i = 3; i < c.args.size(); ++i) {
    const std::string word = ToUpper(c.args[i]);
    const bool more = i + 1 < c.args.size();
    if (word == "REDIRECT" && more) {
      if (wanted.tracking.redirect != 0) {
        c.reply.Error("ERR A client can only redirect to a single other client");
        return false;
      }
      const auto id = ParseInteger(c.args[++i]);
      if (!id) {
        c.reply.Error(kErrNotInteger);
        return false;
      }
      wanted.tracking.redirect = static_cast<uint64_t>(*id);
      if (*id <= 0 || c.node.clients().Find(wanted.tracking.redirect) == nullptr) {
        c.reply.Error("ERR The client ID you want redirect to does not exist");
        return false;
      }
    } else if (word == "BCAST") {
      wanted.tracking.broadcast = true;
    } else if (word == "OPTIN") {
      wanted.tracking.opt_in = true;
    } else if (word == "OPTOUT") {
      wanted.tracking.opt_out = true;
    } else if (word == "NOLOOP") {
      wanted.tracking.no_loop = true;
    } else if (word == "PREFIX" && more) {
      wanted.prefixes.emplace_back(c.args[++i]);
    } else {
      c.reply.Error(kErrSyntax);
      return false;
    }
  }
  return true;
}

// Why the options contradict each other, or what the connection has already; empty if they do not.
std::string_view Contradiction(const Wanted& wanted, const Tracking* now) {
  const Tracking& tracking = wanted.tracking;
  if (!tracking.broadcast && !wanted.prefixes.empty())
    return "ERR PREFIX option requires BCAST mode to be enabled";
  if (now != nullptr && now->broadcast != tracking.broadcast) {
    return "ERR You can't switch BCAST mode on/off before disabling tracking for this client, and "
           "then re-enabling it with a different mode.";
  }
  if (tracking.broadcast && (tracking.opt_in || tracking.opt_out))
    return "ERR OPTIN and OPTOUT are not compatible with BCAST";
  if (tracking.opt_in && tracking.opt_out)
    return "ERR You can't specify both OPTIN mode and OPTOUT mode";
  if (now != nullptr && ((tracking.opt_in && now->opt_out) || (tracking.opt_out && now->opt_in))) {
    return "ERR You can't switch OPTIN/OPTOUT mode before disabling tracking for this client, and "
           "then re-enabling it with a different mode.";
  }
  return {};
}

bool Overlap(std::string_view a, std::string_view b) {
  return a.starts_with(b) || b.starts_with(a);
}

// A key would be told twice if prefixes overlapped. Empty if they do not.
std::string OverlapError(const std::vector<std::string>& prefixes, const Tracking* now) {
  for (size_t i = 0; i < prefixes.size(); ++i) {
    if (now != nullptr) {
      for (const std::string& present : now->prefixes) {
        if (!Overlap(present, prefixes[i])) continue;
        return fmt::format(
            "ERR Prefix '{}' overlaps with an existing prefix '{}'. Prefixes for a "
            "single client must not overlap.",
            prefixes[i], present);
      }
    }
    for (size_t j = i + 1; j < prefixes.size(); ++j) {
      if (!Overlap(prefixes[i], prefixes[j])) continue;
      return fmt::format(
          "ERR Prefix '{}' overlaps with another provided prefix '{}'. Prefixes for "
          "a single client must not overlap.",
          prefixes[i], prefixes[j]);
    }
  }
  return {};
}

void TrackingCommand(LocalContext& c) {
  Wanted wanted;
  if (!ParseOptions(c, wanted)) return;
  TrackedKeys& tracked = c.thread.listeners().tracked();
  const Tracking* now = c.session.tracking.get();
  if (EqualsIgnoreCase(c.args[2], "off")) {
    tracked.Stop(c.connection);
    return c.reply.Ok();
  }
  if (!EqualsIgnoreCase(c.args[2], "on")) return c.reply.Error(kErrSyntax);
  if (const auto why = Contradiction(wanted, now); !why.empty()) return c.reply.Error(why);
  if (wanted.tracking.broadcast) {
    if (const auto why = OverlapError(wanted.prefixes, now); !why.empty())
      return c.reply.Error(why);
  }
  wanted.tracking.prefixes.insert(wanted.prefixes.begin(), wanted.prefixes.end());
  tracked.Start(c.connection, std::move(wanted.tracking));
  c.reply.Ok();
}

void CachingCommand(LocalContext& c) {
  Tracking* tracking = c.session.tracking.get();
  if (tracking == nullptr) {
    return c.reply.Error(
        "ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or "
        "OPTOUT mode enabled");
  }
  if (EqualsIgnoreCase(c.args[2], "yes")) {
    if (!tracking->opt_in) {
      return c.reply.Error(
          "ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.");
    }
  } else if (EqualsIgnoreCase(c.args[2], "no")) {
    if (!tracking->opt_out) {
      return c.reply.Error(
          "ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.");
    }
  } else {
    return c.reply.Error(kErrSyntax);
  }
  tracking->caching = true;
  c.reply.Ok();
}

void GetRedirCommand(LocalContext& c) {
  c.reply.Integer(
      c.session.tracking == nullptr ? -1 : static_cast<int64_t>(c.session.tracking->redirect));
}

void TrackingInfoCommand(LocalContext& c) {
  const Tracking* tracking = c.session.tracking.get();
  std::vector<std::string_view> flags = {tracking == nullptr ? "off" : "on"};
  if (tracking != nullptr) {
    if (tracking->broadcast) flags.push_back("bcast");
    if (tracking->opt_in) flags.push_back("optin");
    if (tracking->opt_in && tracking->caching) flags.push_back("caching-yes");
    if (tracking->opt_out) flags.push_back("optout");
    if (tracking->opt_out && tracking->caching) flags.push_back("caching-no");
    if (tracking->no_loop) flags.push_back("noloop");
    if (c.session.record->tracking_broken) flags.push_back("broken_redirect");
  }
  c.reply.MapHeader(3);
  c.reply.Bulk("flags");
  c.reply.SetHeader(flags.size());
  for (std::string_view flag : flags) c.reply.Bulk(flag);
  c.reply.Bulk("redirect");
  GetRedirCommand(c);
  c.reply.Bulk("prefixes");
  c.reply.ArrayHeader(tracking == nullptr ? 0 : tracking->prefixes.size());
  if (tracking == nullptr) return;
  for (const std::string& prefix : tracking->prefixes) c.reply.Bulk(prefix);
}

constexpr CommandSpec Sub(std::string_view name, int arity, std::string_view since,
                          std::string_view summary, std::string_view arguments,
                          LocalHandler handler) {
  return {.name = name,
          .arity = arity,
          .effect = Effect::kLocal,
          .flags = kNoScript | kLoading | kStale,
          .group = Group::kConnection,
          .since = since,
          .complexity = "O(1). Some options may introduce additional complexity.",
          .summary = summary,
          .arguments = arguments,
          .handler = handler};
}

constexpr CommandSpec kSubcommands[] = {
    Sub("caching", 3, "6.0.0", "Whether the client caches what the next command reads.",
        "<mode: YES | NO>", CachingCommand),
    Sub("getredir", 2, "6.0.0", "The connection that invalidations are redirected to.", "",
        GetRedirCommand),
    Sub("tracking", -3, "6.0.0", "Tells the client when keys change that it may have cached.",
        "<status: ON | OFF> [REDIRECT client-id:integer] [PREFIX prefix [PREFIX prefix ...]] "
        "[BCAST:BCAST] [OPTIN:OPTIN] [OPTOUT:OPTOUT] [NOLOOP:NOLOOP]",
        TrackingCommand),
    Sub("trackinginfo", 2, "6.2.0", "How the connection's client-side caching is set up.", "",
        TrackingInfoCommand),
};

constexpr CommandSpec kFamily[] = {
    {.name = "client",
     .arity = -2,
     .effect = Effect::kLocal,
     .flags = kFlagNone,
     .group = Group::kConnection,
     .since = "2.4.0",
     .complexity = "Depends on subcommand.",
     .summary = "A container for commands about connections.",
     .arguments = "",
     .handler = {},
     .subcommands = kSubcommands},
};

}  // namespace

std::span<const CommandSpec> TrackingFamily() { return kFamily; }

}  // namespace mydis

// Finding out what a client's words mean, and the errors when they mean nothing.
#pragma once

#include <string>

#include "commands/table.h"

namespace mydis {

// The command's full name: "get", "client|setname".
std::string FullName(const CommandTable& table, const CommandSpec& spec, Args args);

// The error for words that are no command that can run: unknown command or subcommand, wrong number
// of words. Empty if they are fine. `spec` is what CommandTable::Resolve gave.
std::string CheckCommand(const CommandTable& table, const CommandSpec* spec, Args args);

// The error for who asks for a state that this instance has not come to.
std::string StaleRevision(uint64_t wanted, uint64_t here);

// How many words the prefix that this command is takes, itself included: 1 for STRONG and EVENTUAL,
// 2 for ONCE and ATLEAST, 4 for NUMBERED; 0: it is none.
size_t PrefixWords(const CommandSpec& spec);
// What is left behind all prefixes; if nothing is, the last prefix.
Args WithoutPrefixes(const CommandTable& table, Args args);
// EXEC, which the connection itself carries out.
bool IsExec(const CommandSpec& spec);
// WATCH itself, which looks at the keys; MYDIS WATCH is told what they are.
bool IsWatch(const CommandTable& table, const CommandSpec& spec);
// ACL SETUSER; that, ACL DELUSER, and the writes of TOKEN.
bool IsSetUser(const CommandSpec& spec);
bool IsChangeOfUsers(const CommandSpec& spec);
// What a subscriber may call while it speaks RESP2.
bool AllowedToSubscribers(const CommandSpec& spec);
// Answered by pushes: SUBSCRIBE and its relatives.
bool IsSubscription(const CommandSpec& spec);
// MYDIS REQUEST, which begins each request of an HTTP session.
bool IsRequest(const CommandSpec& spec);
// A local command that does something to this instance, or elsewhere, of which the cluster knows
// nothing: it cannot be told from a repetition.
bool ActsElsewhere(const CommandSpec& spec);
// AUTH and HELLO.
bool IsLogin(const CommandSpec& spec);
// A subcommand of CLIENT that is about client-side caching.
bool IsOfTracking(const CommandSpec& spec);
// Commands that MULTI does not queue.
bool RunsInsideMulti(const CommandSpec& spec);
// Local commands that look at nothing but the session (of WATCH the connection takes care), and so
// may run before earlier writes of the same connection are answered; their reply keeps its place.
bool RunsAhead(const CommandSpec& spec);

// Whether the command works while CLIENT PAUSE ALL holds back the others: what is about the
// connection does, so that the pause can be ended, but, as in Redis, not another pause.
inline bool PassesPause(const CommandSpec& spec) {
  return spec.group == Group::kConnection && spec.name != "pause";
}

}  // namespace mydis

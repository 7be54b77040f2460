// One command to a running instance, for the subcommands that are one. Main thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/command_line.h"
#include "client/remote_connection.h"
#include "protocol/resp_reader.h"

namespace mydis {

// Milliseconds, of what --timeout says. kInvalid: an option is wrong.
Result<int64_t> ReadTimeout(std::string_view text);

// An answer may take so long, and a share of it goes to each address. REQUIRES: addresses are
// there.
void LimitWaiting(int64_t timeout_ms, RemoteConnection::Options* options);

// What --address, --tls and --timeout (else `timeout`) say. kInvalid: an option is wrong.
Result<RemoteConnection::Options> ReadConnection(const CommandLine& line,
                                                 std::string_view timeout = "30s");

// Connects, and logs in with `login` unless it is empty. An error is one line for people.
Status ConnectAndLogIn(RemoteConnection& connection, const std::vector<std::string>& login);

// The text of an error reply for people: without "ERR", and with the options that log in.
std::string ErrorText(const RespValue& reply);

// Connects as the options of `line` say (--address, --tls, --timeout, who to log in as), speaks
// version 3 of the protocol, which tells maps from lists, and gives the reply. An error is one line
// for people: no connection, or the reply's own error without "ERR". kInvalid: an option is wrong.
// `reads_only`: the command changes nothing.
Result<RespValue> CallInstance(const CommandLine& line, const std::vector<std::string>& command,
                               bool reads_only = false);

}  // namespace mydis

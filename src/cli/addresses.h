// Where a subcommand that talks to running instances finds them, and who it is there. Main thread.
#pragma once

#include <string>
#include <vector>

#include "base/host_port.h"
#include "cli/command_line.h"
#include "client/remote_connection.h"

namespace mydis {

inline constexpr OptionSpec kAddressOption = {
    "--address", "HOST:PORT[,...]",
    "Redis port of an instance; of several, the first that answers (or set MYDIS_ADDRESS)",
    "127.0.0.1:2381"};

// The same in two options, as redis-cli and redis-benchmark have it. -h is the host's, then.
inline constexpr OptionSpec kHostOption = {
    "-h,--host", "HOST", "the same in two options, as redis-cli has it", "127.0.0.1"};
inline constexpr OptionSpec kPortOption = {"-p,--port", "N", "Redis port at --host", "2381"};

inline constexpr OptionSpec kUserOption = {"--user", "NAME", "log in as this user", "default"};
inline constexpr OptionSpec kPasswordOption = {
    "-a,--pass", "PASSWORD",
    "log in with this password (or set REDISCLI_AUTH, which others cannot see)"};

inline constexpr OptionSpec kTokenOption = {
    "--token", "TOKEN", "log in with this token (or set MYDIS_TOKEN, which others cannot see)"};

inline constexpr OptionSpec kTlsOption = {"--tls", "", "speak TLS; the options below imply it"};
inline constexpr OptionSpec kTlsCaOption = {
    "--tls-ca", "F", "the server's certificate must be of a CA in F", "the system's"};
inline constexpr OptionSpec kTlsCertOption = {"--tls-cert", "F", "show this certificate"};
inline constexpr OptionSpec kTlsKeyOption = {"--tls-key", "F", "private key of --tls-cert"};
inline constexpr OptionSpec kTlsNameOption = {
    "--tls-server-name", "NAME", "name in the server's certificate", "the host of --address"};

// kInvalid: options that say who it is contradict each other, one would be ignored, or what is
// given for a token is none.
Status CheckLogin(const CommandLine& line);

// The AUTH command that --token, or --user and --pass, or the environment variables MYDIS_TOKEN and
// REDISCLI_AUTH, ask for; empty for none.
std::vector<std::string> ReadLogin(const CommandLine& line);

// Takes the options above into `options`, if any of them is given.
Status ReadTls(const CommandLine& line, RemoteConnection::Options* options);

// The same, given or not.
Status MakeTls(const CommandLine& line, RemoteConnection::Options* options);

// What to do about a connection that could not be made, on one line. kNoAuth: somebody is there,
// with whom the TLS handshake has failed.
std::string ConnectAdvice(const Status& why);

// From --host and --port, or --address, else MYDIS_ADDRESS, else the default.
Result<std::vector<HostPort>> ReadAddresses(const CommandLine& line);

}  // namespace mydis

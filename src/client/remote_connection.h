// A connection to one of several instances, in the Redis protocol, whose calls block. One thread.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/host_port.h"
#include "mydis/status.h"
#include "net/resolver.h"
#include "net/tls.h"
#include "protocol/resp_reader.h"

namespace mydis {

class RemoteConnection {
 public:
  struct Options {
    std::vector<HostPort> addresses;    // Tried in turn, beginning with the one that worked last.
    int64_t connect_timeout_ms = 5000;  // For each address.
    int64_t reply_timeout_ms = -1;      // -1: no limit.
    // When nothing has come for so long, an instance that has answered before is asked over another
    // connection whether it lives; if that gets no answer either, the connection is lost. 0: never.
    int64_t silence_ms = 0;
    // No command changes anything: a reply that is lost leaves nobody in doubt.
    bool reads_only = false;
    // A file descriptor that becomes readable when the user wants a wait to end; -1: none.
    int interrupt_fd = -1;
    std::shared_ptr<const TlsContext> tls;  // Null: the connection is plain.
    // Whom the server's certificate must be made out to; empty: the host of the address.
    std::string tls_server_name;
  };

  // REQUIRES: options.addresses is not empty.
  explicit RemoteConnection(Options options);
  ~RemoteConnection();
  RemoteConnection(const RemoteConnection&) = delete;
  RemoteConnection& operator=(const RemoteConnection&) = delete;

  // Connects to the first address that accepts and, if there are several, answers a PING: a program
  // that is stopped still has its connections accepted for it. kUnavailable names them all and says
  // why not; kNoAuth if it was the TLS handshake at each.
  Status Connect();
  // Forgets what is on the way. Connect() may follow.
  void Close();
  bool connected() const { return fd_ >= 0; }
  // How the last connection was lost, as in the Status about it, but without what has become of the
  // command.
  const std::string& loss() const { return loss_; }
  // Whether it was lost because its instance is silent (Options::silence_ms).
  bool stood_still() const { return stood_still_; }
  // False if the other side has ended the connection, as far as this side knows by now.
  bool Alive();
  // The Status about that: kNotCommitted. REQUIRES: nothing is on the way.
  Status EndIdle() { return Lost({ErrorCode::kIo, "it ended"}); }
  // The address connected to, or the one that will be tried first.
  const HostPort& address() const { return options_.addresses[current_]; }

  // Sends a command and waits for its reply; an error reply is a value. A Status means that there
  // is no connection any more: kUnknown if the command may have taken effect, kNotCommitted if
  // nothing left this side, kTimeout or kBusy (interrupted) if its reply did not come in time.
  // REQUIRES: connected().
  Result<RespValue> Command(std::span<const std::string> arguments);
  // Sends all of them before it waits for the replies, which come in the same order.
  Result<std::vector<RespValue>> Pipeline(std::span<const std::vector<std::string>> commands);
  // Puts all of them on their way; Receive() gives their replies one by one.
  Status SendAll(std::span<const std::vector<std::string>> commands);
  // The next value that comes in, push messages too, whatever was sent.
  Result<RespValue> Receive();
  // The same without push messages, which go to OnPush.
  Result<RespValue> ReceiveReply();
  // Puts commands on their way that are encoded already.
  Status SendEncoded(std::string_view commands);
  // Puts a command on its way without waiting for a reply.
  Status Send(std::span<const std::string> arguments);

  // Connect() begins with the address behind this one.
  void PreferNext() { current_ = (current_ + 1) % options_.addresses.size(); }
  // From now on instead of Options::reply_timeout_ms, and of Options::silence_ms.
  void set_reply_timeout_ms(int64_t ms) { options_.reply_timeout_ms = ms; }
  void set_silence_ms(int64_t ms) { options_.silence_ms = ms; }

  // Takes push messages that arrive while Command or Pipeline wait; without it they are dropped.
  void OnPush(std::function<void(RespValue)> on_push) { on_push_ = std::move(on_push); }

 private:
  Status ConnectTo(const HostPort& address);
  Status ConnectTo(const SocketAddress& address, const std::string& host);
  Status OpenSocket(const SocketAddress& address);
  Status Probe();
  Status ShakeHands(const std::string& host, uint64_t deadline_us);
  Status Queue(std::string_view bytes);
  // Waits until the socket is ready for `events`. `deadline_us`: of the monotonic clock, or 0.
  Status Wait(short events, uint64_t deadline_us, short* ready);
  Status WaitOnce(short events, uint64_t deadline_us, short* ready);
  Status AskWhetherItLives() const;
  Status Flush(uint64_t deadline_us);
  Status ReadSome(bool* closed);
  void Feed(std::string_view plain);
  Result<RespValue> NextValue(uint64_t deadline_us);
  Result<RespValue> NextReply(uint64_t deadline_us);
  uint64_t ReplyDeadline() const;
  uint64_t ConnectDeadline() const;
  Status Lost(Status why);

  Options options_;
  size_t current_ = 0;  // Index into options_.addresses.
  int fd_ = -1;
  std::unique_ptr<StreamFilter> filter_;  // Null: the connection is plain.
  RespReader reader_;
  std::string output_;       // For the socket.
  size_t written_ = 0;       // Of output_.
  bool sent_any_ = false;    // Since the last reply was complete, bytes have left this side.
  bool answered_ = false;    // A reply has come over this connection.
  std::string first_bytes_;  // That came, a few of them.
  std::string loss_;
  bool stood_still_ = false;
  std::function<void(RespValue)> on_push_;
};

}  // namespace mydis

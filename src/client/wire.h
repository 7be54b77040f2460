// One connection: its socket, the filter before it, and what waits to be written and was read. One
// thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "client/dialer.h"
#include "client/value_reader.h"
#include "net/output_queue.h"

namespace mydis {

class Wire {
 public:
  // Its socket blocks from then on, for who reads patiently: all else says that it does not wait.
  explicit Wire(DialedConnection dialed);

  // Begins the filter's handshake. To be called first.
  Status Open();
  int fd() const { return connection_.fd.get(); }
  const std::string& peer() const { return connection_.peer; }

  // Where to append what is to be sent.
  std::string& Tail() { return output_.Tail(); }
  void Append(Payload bytes) { output_.Append(std::move(bytes)); }
  size_t output_size() const { return output_.size(); }
  // Sends what the socket takes.
  Status Send();
  // Bytes that the socket has taken so far.
  uint64_t sent() const { return sent_; }
  // Whether something waits for the socket to take more.
  bool blocked() const { return blocked_; }

  // What has come in, a bufferful at most; an error if the connection has ended. It stays until
  // the next Read. Other threads may use the rest of this meanwhile.
  enum class Patience : uint8_t {
    kNone,    // Nothing, if nothing is there.
    kAWhile,  // Waits 100 ms at most for something.
  };
  Result<std::string_view> Read(Patience patience) const;
  // Takes what was read.
  Status Take(std::string_view bytes);
  // Both, without waiting.
  Status Receive();
  // The next value of what has come in.
  ValueReader::Outcome Next(ReceivedValue* received) { return reader_.Next(received); }
  std::string error() const { return reader_.error(); }
  // Has poll and epoll of this connection return.
  void ShutDown();

 private:
  Status SendQueue(OutputQueue& queue);

  DialedConnection connection_;
  OutputQueue output_;
  OutputQueue encoded_;  // With a filter: what goes to the socket.
  uint64_t sent_ = 0;
  bool blocked_ = false;
  // Not the thread's: who reads may be about to end, and have none any more.
  const std::unique_ptr<char[]> buffer_;
  ValueReader reader_;
};

}  // namespace mydis

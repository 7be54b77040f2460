// One connection's TLS. Made by TlsContext::MakeFilter.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>
#include <string_view>

#include "net/byte_stream.h"

namespace mydis {

class TlsContext;

// The stream's thread.
class TlsFilter final : public StreamFilter {
 public:
  // Owns `ssl`, whose callbacks need `context`.
  TlsFilter(SSL* ssl, std::shared_ptr<const TlsContext> context, bool client);
  ~TlsFilter() override;
  TlsFilter(const TlsFilter&) = delete;
  TlsFilter& operator=(const TlsFilter&) = delete;

  Status Start(std::string& to_socket) override;
  Status Receive(std::string_view from_socket, std::string& plain, std::string& to_socket) override;
  Status Send(std::string_view plain, std::string& to_socket) override;
  void Finish(std::string& to_socket) override;

 private:
  Status Handshake(std::string& to_socket);
  Status Encode(std::string_view plain);
  Status Decode(std::string& plain);
  void TakeEncoded(std::string& to_socket);
  Status Failed(const char* what);

  const std::shared_ptr<const TlsContext> context_;
  SSL* const ssl_;
  BIO* const in_;        // What came from the socket; ssl_ owns it.
  BIO* const out_;       // What goes to the socket; ssl_ owns it.
  std::string waiting_;  // Given to Send before the handshake was done.
  bool broken_ = false;
};

}  // namespace mydis

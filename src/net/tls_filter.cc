#include "net/tls_filter.h"

#include <openssl/err.h>

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace mydis {
namespace {
constexpr size_t kRecord = 16 * 1024;
}  // namespace

TlsFilter::TlsFilter(SSL* ssl, std::shared_ptr<const TlsContext> context, bool client)
    : context_(std::move(context)),
      ssl_(ssl),
      in_(BIO_new(BIO_s_mem())),
      out_(BIO_new(BIO_s_mem())) {
  MYDIS_ASSERT(in_ != nullptr && out_ != nullptr, "out of memory");
  SSL_set_bio(ssl_, in_, out_);
  if (client) {
    SSL_set_connect_state(ssl_);
  } else {
    SSL_set_accept_state(ssl_);
  }
}

TlsFilter::~TlsFilter() {
  // Else OpenSSL takes the connection for broken, and complains in the thread's error queue.
  SSL_set_quiet_shutdown(ssl_, 1);
  SSL_free(ssl_);
}

Status TlsFilter::Failed(const char* what) {
  broken_ = true;
  const unsigned long error = ERR_peek_error();
  const char* reason = ERR_GET_REASON(error) == SSL_R_CERTIFICATE_VERIFY_FAILED
                           ? X509_verify_cert_error_string(SSL_get_verify_result(ssl_))
                           : ERR_reason_error_string(error);
  ERR_clear_error();
  return Status(ErrorCode::kNoAuth,
                std::string(what) + " (" + (reason != nullptr ? reason : "unknown reason") + ")");
}

void TlsFilter::TakeEncoded(std::string& to_socket) {
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(out_, &bytes);
  if (size <= 0) return;
  to_socket.append(bytes, static_cast<size_t>(size));
  (void)BIO_reset(out_);
}

Status TlsFilter::Handshake(std::string& to_socket) {
  ERR_clear_error();
  const int done = SSL_do_handshake(ssl_);
  const int error = SSL_get_error(ssl_, done);
  Status status;
  if (done != 1 && error != SSL_ERROR_WANT_READ) status = Failed("the TLS handshake has failed");
  if (done == 1) status = Encode(std::exchange(waiting_, std::string()));
  TakeEncoded(to_socket);
  return status;
}

Status TlsFilter::Start(std::string& to_socket) {
  return SSL_is_server(ssl_) ? Status::Ok() : Handshake(to_socket);
}

Status TlsFilter::Receive(std::string_view from_socket, std::string& plain,
                          std::string& to_socket) {
  if (broken_) return Status(ErrorCode::kNoAuth, "the TLS connection is broken");
  MYDIS_ASSERT(BIO_write(in_, from_socket.data(), static_cast<int>(from_socket.size())) ==
                   static_cast<int>(from_socket.size()),
               "a memory BIO takes everything");
  if (!SSL_is_init_finished(ssl_)) {
    Status status = Handshake(to_socket);
    if (!status.ok() || !SSL_is_init_finished(ssl_)) return status;
  }
  Status status = Decode(plain);
  TakeEncoded(to_socket);  // Key updates and alerts are answered.
  return status;
}

Status TlsFilter::Decode(std::string& plain) {
  ERR_clear_error();
  while (true) {
    const size_t before = plain.size();
    int done = 0;
    plain.resize_and_overwrite(before + kRecord, [&](char* p, size_t) {
      size_t n = 0;
      done = SSL_read_ex(ssl_, p + before, kRecord, &n);
      return before + n;
    });
    if (done == 1) continue;
    const int error = SSL_get_error(ssl_, 0);
    // The end is told by the socket, right after.
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_ZERO_RETURN) return Status::Ok();
    return Failed("the TLS connection is broken");
  }
}

Status TlsFilter::Encode(std::string_view plain) {
  ERR_clear_error();
  while (!plain.empty()) {
    size_t n = 0;
    if (SSL_write_ex(ssl_, plain.data(), plain.size(), &n) != 1)
      return Failed("the TLS connection is broken");
    plain.remove_prefix(n);
  }
  return Status::Ok();
}

Status TlsFilter::Send(std::string_view plain, std::string& to_socket) {
  if (broken_) return Status(ErrorCode::kNoAuth, "the TLS connection is broken");
  if (!SSL_is_init_finished(ssl_)) {
    waiting_ += plain;
    return Status::Ok();
  }
  Status status = Encode(plain);
  TakeEncoded(to_socket);
  return status;
}

void TlsFilter::Finish(std::string& to_socket) {
  if (broken_ || !SSL_is_init_finished(ssl_)) return;
  ERR_clear_error();
  SSL_shutdown(ssl_);
  TakeEncoded(to_socket);
  broken_ = true;
}

}  // namespace mydis

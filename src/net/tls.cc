#include "net/tls.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <utility>

#include "base/assert.h"
#include "net/tls_filter.h"

namespace mydis {
namespace {

constexpr size_t kSecretSize = 32;
constexpr size_t kNameSize = 16;
// TLS_AES_128_GCM_SHA256, which every TLS 1.3 has and processors have instructions for.
constexpr unsigned char kCipher[] = {0x13, 0x01};

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool FromHex(std::string_view text, std::string* bytes) {
  if (text.size() != 2 * kSecretSize) return false;
  for (size_t i = 0; i < text.size(); i += 2) {
    const int high = HexDigit(text[i]), low = HexDigit(text[i + 1]);
    if (high < 0 || low < 0) return false;
    bytes->push_back(static_cast<char>(high * 16 + low));
  }
  return true;
}

// The beginning of the secret's SHA-256 in hexadecimal.
std::string NameOf(const std::string& secret) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  MYDIS_ASSERT(EVP_Digest(secret.data(), secret.size(), digest, &size, EVP_sha256(), nullptr) == 1,
               "OpenSSL has SHA-256");
  std::string name;
  for (size_t i = 0; i < kNameSize / 2; ++i) {
    name += "0123456789abcdef"[digest[i] >> 4];
    name += "0123456789abcdef"[digest[i] & 15];
  }
  return name;
}

const TlsContext& ContextOf(SSL* ssl) {
  return *static_cast<const TlsContext*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
}

// A session that is nothing but the key; null if OpenSSL has no memory.
SSL_SESSION* SessionOf(SSL* ssl, const ClusterKey& key) {
  SSL_SESSION* session = SSL_SESSION_new();
  if (session == nullptr) return nullptr;
  const auto* secret = reinterpret_cast<const unsigned char*>(key.secret.data());
  if (SSL_SESSION_set1_master_key(session, secret, key.secret.size()) == 1 &&
      SSL_SESSION_set_cipher(session, SSL_CIPHER_find(ssl, kCipher)) == 1 &&
      SSL_SESSION_set_protocol_version(session, TLS1_3_VERSION) == 1)
    return session;
  SSL_SESSION_free(session);
  return nullptr;
}

int UseKey(SSL* ssl, const EVP_MD* digest, const unsigned char** name, size_t* name_size,
           SSL_SESSION** session) {
  *session = nullptr;
  // A second round asks for another digest; there is none to offer.
  if (digest != nullptr && EVP_MD_get_type(digest) != NID_sha256) return 1;
  const ClusterKey& key = ContextOf(ssl).keys().front();
  *session = SessionOf(ssl, key);
  *name = reinterpret_cast<const unsigned char*>(key.name.data());
  *name_size = key.name.size();
  return *session != nullptr ? 1 : 0;
}

int FindKeyFor(SSL* ssl, const unsigned char* name, size_t name_size, SSL_SESSION** session) {
  *session = nullptr;
  const ClusterKey* key = ContextOf(ssl).FindKey({reinterpret_cast<const char*>(name), name_size});
  if (key == nullptr) return 1;  // Goes on without, and fails for want of a certificate.
  *session = SessionOf(ssl, *key);
  return *session != nullptr ? 1 : 0;
}

int TrustNone(int, X509_STORE_CTX*) { return 0; }

Status FileError(const char* what, const std::string& file) {
  const char* reason = ERR_reason_error_string(ERR_peek_last_error());
  return Status(ErrorCode::kInvalid, std::string("cannot use the ") + what + " in " + file + ": " +
                                         (reason != nullptr ? reason : "unknown reason"));
}

SSL_CTX* NewContext(int lowest_version) {
  SSL_CTX* context = SSL_CTX_new(TLS_method());
  MYDIS_ASSERT(context != nullptr, "out of memory");
  SSL_CTX_set_min_proto_version(context, lowest_version);
  // No session outlives its connection.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(context, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_num_tickets(context, 0);
  // Idle connections give their buffers back.
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  return context;
}

}  // namespace

Result<std::vector<ClusterKey>> ParseClusterKeys(std::string_view text) {
  std::vector<ClusterKey> keys;
  for (size_t line_number = 1; !text.empty(); ++line_number) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    while (!line.empty() && (line.back() == ' ' || line.back() == '\r' || line.back() == '\t'))
      line.remove_suffix(1);
    if (line.empty() || line.front() == '#') continue;
    ClusterKey key;
    if (!FromHex(line, &key.secret)) {
      return Fail(ErrorCode::kInvalid, "line " + std::to_string(line_number) +
                                           " is no cluster key: 64 hexadecimal digits make one "
                                           "(openssl rand -hex 32)");
    }
    key.name = NameOf(key.secret);
    keys.push_back(std::move(key));
  }
  if (keys.empty())
    return Fail(ErrorCode::kInvalid, "there is no cluster key (openssl rand -hex 32 makes one)");
  return keys;
}

Result<std::vector<ClusterKey>> LoadClusterKeys(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  if (!in) return Fail(ErrorCode::kIo, "cannot read the cluster key file " + file);
  auto keys = ParseClusterKeys(text);
  if (!keys) return Fail(keys.error().code(), file + ": " + keys.error().message());
  return keys;
}

Result<std::shared_ptr<TlsContext>> TlsContext::ForCluster(std::vector<ClusterKey> keys) {
  MYDIS_ASSERT(!keys.empty(), "a cluster's TLS needs a key");
  std::shared_ptr<TlsContext> tls(new TlsContext(NewContext(TLS1_3_VERSION)));
  tls->keys_ = std::move(keys);
  SSL_CTX_set_app_data(tls->context_, tls.get());
  SSL_CTX_set_psk_use_session_callback(tls->context_, UseKey);
  SSL_CTX_set_psk_find_session_callback(tls->context_, FindKeyFor);
  if (SSL_CTX_set_ciphersuites(tls->context_, "TLS_AES_128_GCM_SHA256") != 1)
    return Fail(ErrorCode::kInternal, "OpenSSL does not have TLS_AES_128_GCM_SHA256");
  return tls;
}

Status TlsContext::LoadIdentity(const std::string& cert_file, const std::string& key_file) {
  ERR_clear_error();
  if (SSL_CTX_use_certificate_chain_file(context_, cert_file.c_str()) != 1)
    return FileError("certificate", cert_file);
  if (SSL_CTX_use_PrivateKey_file(context_, key_file.c_str(), SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_check_private_key(context_) != 1)
    return FileError("private key", key_file);
  return Status::Ok();
}

Result<std::shared_ptr<TlsContext>> TlsContext::ForServer(const std::string& cert_file,
                                                          const std::string& key_file,
                                                          const std::string& ca_file) {
  std::shared_ptr<TlsContext> tls(new TlsContext(NewContext(TLS1_2_VERSION)));
  Status loaded = tls->LoadIdentity(cert_file, key_file);
  if (!loaded.ok()) return Fail(std::move(loaded));
  // OpenSSL asks for it where peers are verified.
  constexpr unsigned char kContext[] = "mydis";
  SSL_CTX_set_session_id_context(tls->context_, kContext, sizeof kContext - 1);
  if (!ca_file.empty()) {
    if (SSL_CTX_load_verify_locations(tls->context_, ca_file.c_str(), nullptr) != 1)
      return Fail(FileError("CA certificates", ca_file));
    SSL_CTX_set_verify(tls->context_, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  }
  return tls;
}

Result<std::shared_ptr<TlsContext>> TlsContext::ForClient(const std::string& ca_file,
                                                          const std::string& cert_file,
                                                          const std::string& key_file) {
  std::shared_ptr<TlsContext> tls(new TlsContext(NewContext(TLS1_2_VERSION)));
  if (ca_file.empty()) {
    SSL_CTX_set_default_verify_paths(tls->context_);
  } else if (SSL_CTX_load_verify_locations(tls->context_, ca_file.c_str(), nullptr) != 1) {
    return Fail(FileError("CA certificates", ca_file));
  }
  SSL_CTX_set_verify(tls->context_, SSL_VERIFY_PEER, nullptr);
  if (!cert_file.empty()) {
    Status loaded = tls->LoadIdentity(cert_file, key_file);
    if (!loaded.ok()) return Fail(std::move(loaded));
  }
  return tls;
}

TlsContext::~TlsContext() { SSL_CTX_free(context_); }

const ClusterKey* TlsContext::FindKey(std::string_view name) const {
  const auto found =
      std::find_if(keys_.begin(), keys_.end(), [&](const ClusterKey& k) { return k.name == name; });
  return found == keys_.end() ? nullptr : &*found;
}

std::unique_ptr<StreamFilter> TlsContext::MakeFilter(bool client, const std::string& host) const {
  SSL* ssl = SSL_new(context_);
  MYDIS_ASSERT(ssl != nullptr, "out of memory");
  // Nobody is accepted on another ground than the key: a server has no certificate to fall back
  // on, and a client trusts none.
  if (client && !keys_.empty()) SSL_set_verify(ssl, SSL_VERIFY_PEER, TrustNone);
  if (client && !host.empty()) {
    in6_addr address;
    const bool numeric = inet_pton(AF_INET, host.c_str(), &address) == 1 ||
                         inet_pton(AF_INET6, host.c_str(), &address) == 1;
    if (numeric) {
      X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host.c_str());
    } else {
      SSL_set1_host(ssl, host.c_str());
      SSL_set_tlsext_host_name(ssl, host.c_str());
    }
  }
  return std::make_unique<TlsFilter>(ssl, shared_from_this(), client);
}

}  // namespace mydis

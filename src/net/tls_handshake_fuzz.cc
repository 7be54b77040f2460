// Any bytes to a connection between instances that expects TLS, at its server and at its client:
// nothing but records of handshakes and alerts come back, and nothing comes out of it for the
// stream, since the bytes know no key. Byte 0 says into what pieces the rest is cut.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "net/tls.h"

namespace mydis {
namespace {

const TlsContext& Keyed() {
  static const auto context = *TlsContext::ForCluster(
      *ParseClusterKeys(std::string(64, '1') + "\n" + std::string(64, '2')));
  return *context;
}

// What a stranger may be sent: records of handshakes, change of cipher, alerts, and what is
// encrypted.
bool AreRecords(std::string_view bytes) {
  while (!bytes.empty()) {
    if (bytes.size() < 5 || bytes[0] < 0x14 || bytes[0] > 0x17) return false;
    const size_t size = static_cast<size_t>(static_cast<unsigned char>(bytes[3])) * 256 +
                        static_cast<unsigned char>(bytes[4]);
    if (bytes.size() - 5 < size) return false;
    bytes.remove_prefix(5 + size);
  }
  return true;
}

void FuzzFilter(StreamFilter& filter, std::string_view bytes, size_t piece) {
  std::string plain, answer;
  Status status = filter.Start(answer);
  if (status.ok()) status = filter.Send("secret of this side", answer);
  while (status.ok() && !bytes.empty()) {
    const std::string_view next = bytes.substr(0, piece);
    bytes.remove_prefix(next.size());
    status = filter.Receive(next, plain, answer);
  }
  const bool leaks = answer.find("secret of this side") != std::string::npos;
  if (!plain.empty() || leaks || filter.Ready() || !AreRecords(answer)) std::abort();
  filter.Finish(answer);
}

void FuzzHandshake(std::string_view input) {
  if (input.empty()) return;
  const size_t piece = static_cast<unsigned char>(input[0]) * size_t{8} + 1;
  const std::string_view bytes = input.substr(1);
  FuzzFilter(*Keyed().MakeFilter(false), bytes, piece);
  FuzzFilter(*Keyed().MakeFilter(true), bytes, piece);
}

}  // namespace
}  // namespace mydis

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  mydis::FuzzHandshake({reinterpret_cast<const char*>(data), size});
  return 0;
}

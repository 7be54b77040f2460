// The HTTP door's view of a running instance.
#pragma once

#include "server/http/http_backend.h"

namespace mydis {

class Node;

// Any thread.
class NodeBackend final : public HttpBackend {
 public:
  // `node` must outlive it.
  explicit NodeBackend(Node& node) : node_(node) {}

  const CommandTable& table() const override;
  uint64_t max_body() const override;
  std::string Leader() const override;
  Consistency Given(bool write, std::optional<Consistency> wanted) const override;
  const std::string& cors_origin() const override;
  uint64_t WallMs() const override;

 private:
  Node& node_;
};

}  // namespace mydis

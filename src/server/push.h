// One push for many connections: encoded once in each version of the protocol, when the first of
// that version is served.
#pragma once

#include <functional>
#include <string>

#include "base/bytes.h"
#include "protocol/resp_writer.h"

namespace mydis {

// One thread.
class PushForms {
 public:
  // `encode` writes the same push each time it is called.
  explicit PushForms(std::function<void(RespWriter&)> encode) : encode_(std::move(encode)) {}

  // Shared, so that a large one is copied for nobody.
  const Payload& Of(int resp_version) {
    Payload& form = forms_[resp_version >= 3];
    if (form == nullptr) {
      std::string bytes;
      RespWriter writer(bytes, resp_version);
      encode_(writer);
      form = MakePayload(std::move(bytes));
    }
    return form;
  }

 private:
  const std::function<void(RespWriter&)> encode_;
  Payload forms_[2];
};

}  // namespace mydis

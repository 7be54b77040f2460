// Sessions of a running instance for the library's tests: MYDIS_TEST_ADDRESS is its Redis port.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <string>

#include "mydis/client.h"

namespace mydis {

// What a call gave; a failure of the test, and nothing, if it failed.
template <typename T>
T Ok(Result<T> result) {
  if (result) return *std::move(result);
  ADD_FAILURE() << result.error().message();
  return T();
}
inline void Ok(Result<void> result) {
  if (!result) ADD_FAILURE() << result.error().message();
}

// One for all tests of the program.
inline Session NewLiveSession(SessionOptions options = {}) {
  static const std::unique_ptr<Client> client = [] {
    const char* const address = std::getenv("MYDIS_TEST_ADDRESS");
    ClientOptions client_options;
    if (address != nullptr) client_options.addresses = {address};
    Result<std::unique_ptr<Client>> connected = Client::Connect(client_options);
    if (!connected) {
      std::fprintf(stderr, "%s\n", connected.error().message().c_str());
      std::exit(2);
    }
    return *std::move(connected);
  }();
  return client->NewSession(std::move(options));
}

}  // namespace mydis

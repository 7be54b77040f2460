// What the examples have in common: how they find the cluster, and what they do with an error.
#pragma once

#include <mydis/mydis.h>

#include <cstdlib>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

namespace example {

// The value of a call that must not fail.
template <typename T>
T Must(mydis::Result<T> result) {
  if (!result) {
    std::cerr << result.error().message() << "\n";
    std::exit(1);
  }
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

// The first argument, "HOST:PORT[,...]", names instances.
inline std::unique_ptr<mydis::Client> Connect(int argc, char** argv) {
  mydis::ClientOptions options;
  if (argc > 1) {
    options.addresses.clear();
    std::istringstream addresses(argv[1]);
    for (std::string address; std::getline(addresses, address, ',');)
      options.addresses.push_back(address);
  }
  return Must(mydis::Client::Connect(options));
}

}  // namespace example

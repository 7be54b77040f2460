// Sessions of a running instance, for the library's tests.
#pragma once

#include <gtest/gtest.h>

#include <utility>

#include "mydis/session.h"

namespace mydis {

// Of the instance at MYDIS_TEST_ADDRESS, or of one in this process whose folder is MYDIS_TEST_DIR;
// one for all tests of the program.
Session NewLiveSession(SessionOptions options = {});

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

}  // namespace mydis

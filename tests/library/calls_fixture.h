// Every typed call against a running instance, in each of the four forms.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "library/any_form.h"
#include "library/live_session.h"

namespace mydis {

// Begins with an empty server.
class CallsTest : public testing::TestWithParam<Form> {
 protected:
  CallsTest() : calls_(NewLiveSession(), GetParam()) { Ok(calls_.session().FlushAll()); }

  AnyForm calls_;
};

inline auto AllForms() {
  return testing::Values(Form::kSession, Form::kAsync, Form::kPipeline, Form::kTransaction);
}
inline std::string FormName(const testing::TestParamInfo<Form>& form) {
  constexpr const char* kNames[] = {"Session", "Async", "Pipeline", "Transaction"};
  return kNames[static_cast<size_t>(form.param)];
}

#define MYDIS_EVERY_FORM(fixture) INSTANTIATE_TEST_SUITE_P(Forms, fixture, AllForms(), FormName)

}  // namespace mydis

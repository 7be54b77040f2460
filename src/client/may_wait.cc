#include "client/may_wait.h"

namespace mydis {
namespace {

thread_local bool brings_answers = false;

}  // namespace

void BringsAnswers() { brings_answers = true; }

Status MayWait() {
  if (!brings_answers) return Status::Ok();
  return {
      ErrorCode::kInvalid,
      "this would wait for an answer within a callback, on the library's thread that brings it: "
      "use Async() and Then(), mydis_command_async, or an executor of your own"};
}

}  // namespace mydis

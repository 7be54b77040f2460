// Who may wait for an answer: not the threads that bring them.
#pragma once

#include "mydis/status.h"

namespace mydis {

// Called by a thread that brings answers, before it brings any.
void BringsAnswers();

// kInvalid, with what to do instead, on such a thread. Any thread.
Status MayWait();

}  // namespace mydis

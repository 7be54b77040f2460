// Has the cluster keep history for watches: MYDIS KEEPHISTORY, submitted by this instance itself.
#pragma once

#include <functional>

#include "mydis/status.h"
#include "server/change_history.h"

namespace mydis {

class ConsensusDriver;

// `done` is called on the consensus thread: if ok, this instance has applied it, and with it all
// that was answered anywhere before. Any thread.
void KeepHistory(ConsensusDriver& consensus, HistoryOf what,
                 std::move_only_function<void(const Status&)> done);

}  // namespace mydis

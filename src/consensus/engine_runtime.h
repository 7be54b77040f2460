// The start of the Go runtime that the engine's core needs: with the first use, not with the
// program.
#pragma once

namespace mydis {

// Starts it, or waits until it has started; the process keeps it and its few threads. The signal
// handlers of the process stay as they are, and none of its threads takes a signal that is not its
// own fault. REQUIRED before every call into the archive. Any thread.
void StartEngineRuntime();

}  // namespace mydis

// What the Go side calls in C++ (engine.cc and engine_thread.cc define them). C, because cgo reads
// it.
#pragma once

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

// A line for the process log. `level`: 0 debug, 1 info, 2 warning, 3 error.
void mydis_engine_log(int level, const char* line, size_t length);
// Stops the process, saying why. Does not return.
void mydis_engine_fatal(const char* reason, size_t length);
// Room for `size` bytes in the engine's output buffer `output`; what was in it is gone.
char* mydis_engine_reserve(void* output, size_t size);
// Runs the body of an EngineThread.
void mydis_engine_thread_run(void* body);

#ifdef __cplusplus
}
#endif

package main

// #include "host.h"
import "C"

import (
	"runtime"
	"unsafe"
)

// MydisEngineThread starts a thread of this runtime, which runs the host's `body` and ends with it.
// The runtime sees one long call into C. What the host calls here meanwhile comes back on a thread
// that is known already, and takes up the processor it left a moment ago.
//
//export MydisEngineThread
func MydisEngineThread(body unsafe.Pointer) {
	go func() {
		runtime.LockOSThread() // Never unlocked: the thread is not used again.
		C.mydis_engine_thread_run(body)
	}()
}

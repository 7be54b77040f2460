// The Raft core (go.etcd.io/etcd/raft) as a C archive, for ../engine.cc. Three calls: start, turn,
// stop. Each takes and gives flat little-endian buffers; wire.go has their grammar. Nothing here
// does I/O. thread.go starts threads that may call cheaply.
package main

// #include <stdint.h>
// #include "host.h"
import "C"

import (
	"fmt"
	"runtime"
	"runtime/cgo"
	"runtime/debug"
	"unsafe"
)

// A processor for each thread that may turn cores (the host has one for two cores of the machine, and
// the consensus thread), so that it finds its own at every call; and two that stay idle, for the
// collector, and because the runtime takes processors away from calls into C when none is idle. What
// the collector collects is small and short-lived: messages and Readys of past turns.
func init() {
	runtime.GOMAXPROCS(runtime.NumCPU()/2 + 3)
	debug.SetGCPercent(400)
}

// The archive needs one; it never runs.
func main() {}

// dieOnPanic hands whatever the core panics with to the host, which stops the process: the core's
// panics mean that going on would lose data.
func dieOnPanic() {
	if reason := recover(); reason != nil {
		fatal(fmt.Sprintf("%v\n%s", reason, debug.Stack()))
	}
}

func fatal(reason string) {
	bytes := []byte(reason + "\n")
	C.mydis_engine_fatal((*C.char)(unsafe.Pointer(&bytes[0])), C.size_t(len(bytes)-1))
}

// emit copies a finished output to the buffer that the host owns.
func emit(output unsafe.Pointer, bytes []byte) {
	room := C.mydis_engine_reserve(output, C.size_t(len(bytes)))
	copy(unsafe.Slice((*byte)(unsafe.Pointer(room)), len(bytes)), bytes)
}

// MydisEngineStart makes an engine from a start buffer. It returns its handle; or 0, with an
// error (u8 lost log, text) as the output.
//
//export MydisEngineStart
func MydisEngineStart(
	input *C.char, length C.size_t, output unsafe.Pointer, logLevel C.int,
) C.uintptr_t {
	defer dieOnPanic()
	in := reader{bytes: unsafe.Slice((*byte)(unsafe.Pointer(input)), int(length))}
	e, err := start(&in, level(logLevel))
	if err != nil {
		emit(output, encodeStartError(err))
		return 0
	}
	return C.uintptr_t(cgo.NewHandle(e))
}

// MydisEngineTurn steps the queued events and gives out what comes of them.
//
//export MydisEngineTurn
func MydisEngineTurn(
	handle C.uintptr_t, input *C.char, length C.size_t, output unsafe.Pointer, logLevel C.int,
	yield C.int,
) {
	defer dieOnPanic()
	if yield != 0 {
		runtime.Gosched()
	}
	e := cgo.Handle(handle).Value().(*engine)
	e.log.level = level(logLevel)
	in := reader{bytes: unsafe.Slice((*byte)(unsafe.Pointer(input)), int(length))}
	emit(output, e.turn(&in))
}

// MydisEngineStop forgets an engine.
//
//export MydisEngineStop
func MydisEngineStop(handle C.uintptr_t) {
	cgo.Handle(handle).Delete()
}

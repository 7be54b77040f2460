package main

import (
	crand "crypto/rand"
	"encoding/binary"
	"math/rand"
	"sync"
	"unsafe"

	_ "go.etcd.io/etcd/raft"
)

// The core's only chance, which it seeds from the clock. It is no exported name; as anything but an
// unsafe.Pointer it does not link.
//
//go:linkname raftRandom go.etcd.io/etcd/raft.globalRand
var raftRandom unsafe.Pointer

// lockedRandom is laid out as the core's type behind raftRandom.
type lockedRandom struct {
	mutex  sync.Mutex
	random *rand.Rand
}

// seedProcess starts the core's generator anew.
func seedProcess(seed uint64) {
	locked := (*lockedRandom)(raftRandom)
	locked.mutex.Lock()
	locked.random = rand.New(rand.NewSource(int64(seed)))
	locked.mutex.Unlock()
}

func systemSeed() uint64 {
	var bytes [8]byte
	if _, err := crand.Read(bytes[:]); err != nil {
		fatal("engine: the operating system gives no random numbers: " + err.Error())
	}
	return binary.LittleEndian.Uint64(bytes[:])
}

var seedOnce sync.Once

// incarnation seeds the core, and gives a number that no other start of this instance has.
func incarnation(id, seed uint64) uint64 {
	if seed == 0 {
		seedOnce.Do(func() { seedProcess(systemSeed()) })
		return systemSeed()
	}
	seedProcess(seed)
	return seed*0x9e3779b97f4a7c15 ^ id
}

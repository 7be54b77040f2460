package main

import (
	"encoding/binary"

	pb "go.etcd.io/etcd/raft/raftpb"
)

// The buffers between host and core. Numbers are little endian; "bytes" is a u32 length and the
// bytes; "T…" is a u32 count and that many T.
//
//	start:     u64 id, u32 election ticks, heartbeat ticks, inflight messages, entries per message,
//	           u64 bytes per message, bytes from the log per turn, u64 seed, u64 term, vote, commit, meta, u64 base index, base term, entry…
//	  entry:   u64 term, u8 kind, u32 size, bytes data
//	  meta:    u64 index, term, conf
//	  conf:    u64… voters, learners, voters outgoing, learners next, u8 auto leave
//
//	events:    (u8 event, its fields)*
//	  tick, campaign, status, advance: none
//	  step: u64 from, bytes message, u64… refs    propose: u64 ref     propose change: u64 token, bytes
//	  read index: u64 context    transfer, unreachable: u64 id    report snapshot: u64 id, u8 ok
//	  set snapshot: meta         compact: u64 index
//
//	output:    u8 flags (1 settled, 2 snapshot wanted, 4 status, 8 ready, 16 early),
//	           u8 role, u64 leader, term, commit, transferee,
//	           (u64 ref, u8 refusal)…, (u64 token, u8 refusal, u64 index, term)…,
//	           (u64 context, index)…, (u64 index, conf)…, (u64 from, bytes text)…, [status]
//	           [ready] [message…]
//	  status:  u64 applied, conf, (u64 id, match, next, u8 state, u64 snapshot, u8 active, u8 learner)…
//	  ready:   u8 flags (1 must sync, 2 hard state, 4 snapshot), [u64 term, vote, commit],
//	           (u64 index, term, u8 kind, u64 ref, bytes data)…, [meta], u64 first, last committed,
//	           (u64 index, bytes data)…, message…
//	  message: (u64 to, u8 type, u8 before write, u64 first index, u32 count, u64 commit,
//	            u64 snapshot index, term, bytes message)
const (
	eventTick = iota
	eventStep
	eventPropose
	eventProposeChange
	eventReadIndex
	eventTransfer
	eventCampaign
	eventUnreachable
	eventReportSnapshot
	eventSetSnapshot
	eventCompact
	eventStatus
	eventAdvance
)

const (
	outSettled = 1 << iota
	outSnapshotWanted
	outStatus
	outReady
	outEarly
)

const (
	readyMustSync = 1 << iota
	readyHardState
	readySnapshot
)

const (
	kindNormal     = 0
	kindConfChange = 1
)

// reader takes values off a buffer that the host made: nothing in it can be short or wrong.
type reader struct {
	bytes []byte
}

func (r *reader) empty() bool { return len(r.bytes) == 0 }

func (r *reader) take(n int) []byte {
	taken := r.bytes[:n]
	r.bytes = r.bytes[n:]
	return taken
}

func (r *reader) u8() byte    { return r.take(1)[0] }
func (r *reader) u32() uint32 { return binary.LittleEndian.Uint32(r.take(4)) }
func (r *reader) u64() uint64 { return binary.LittleEndian.Uint64(r.take(8)) }

// data is valid during this call only.
func (r *reader) data() []byte { return r.take(int(r.u32())) }

func (r *reader) copied() []byte { return append([]byte(nil), r.data()...) }

func (r *reader) u64s() []uint64 {
	n := int(r.u32())
	if n == 0 {
		return nil
	}
	values := make([]uint64, n)
	for i := range values {
		values[i] = r.u64()
	}
	return values
}

func (r *reader) conf() pb.ConfState {
	return pb.ConfState{
		Voters:         r.u64s(),
		Learners:       r.u64s(),
		VotersOutgoing: r.u64s(),
		LearnersNext:   r.u64s(),
		AutoLeave:      r.u8() != 0,
	}
}

func (r *reader) metadata() pb.SnapshotMetadata {
	return pb.SnapshotMetadata{Index: r.u64(), Term: r.u64(), ConfState: r.conf()}
}

// writer builds an output; its memory is used again for the next.
type writer struct {
	bytes []byte
}

func (w *writer) u8(v byte)    { w.bytes = append(w.bytes, v) }
func (w *writer) u32(v int)    { w.bytes = binary.LittleEndian.AppendUint32(w.bytes, uint32(v)) }
func (w *writer) u64(v uint64) { w.bytes = binary.LittleEndian.AppendUint64(w.bytes, v) }

func (w *writer) flag(v bool) {
	if v {
		w.u8(1)
	} else {
		w.u8(0)
	}
}

func (w *writer) data(bytes []byte) {
	w.u32(len(bytes))
	w.bytes = append(w.bytes, bytes...)
}

func (w *writer) u64s(values []uint64) {
	w.u32(len(values))
	for _, v := range values {
		w.u64(v)
	}
}

func (w *writer) conf(c *pb.ConfState) {
	w.u64s(c.Voters)
	w.u64s(c.Learners)
	w.u64s(c.VotersOutgoing)
	w.u64s(c.LearnersNext)
	w.flag(c.AutoLeave)
}

// message appends the length and the bytes of m.
func (w *writer) message(m *pb.Message) {
	size := m.Size()
	w.u32(size)
	at := len(w.bytes)
	if at+size > cap(w.bytes) {
		grown := make([]byte, at, 2*(at+size))
		copy(grown, w.bytes)
		w.bytes = grown
	}
	w.bytes = w.bytes[:at+size]
	if _, err := m.MarshalTo(w.bytes[at:]); err != nil {
		fatal("engine: a message cannot be encoded: " + err.Error())
	}
}

package main

import (
	"go.etcd.io/etcd/raft"
	pb "go.etcd.io/etcd/raft/raftpb"
)

// entryBytes is the least that the core's size limits count for an entry with a reference: type,
// term, index and eight bytes as protobuf. Limits are given to it in numbers of entries times this.
const entryBytes = 16

// store is the core's view of what is durable. Of an entry it keeps the term, and the data of
// configuration changes; the host has the rest, by index.
type store struct {
	hardState pb.HardState // At the start.
	initial   pb.ConfState // At the start.
	snapshot  pb.Snapshot  // Metadata of what the host can offer; none if its index is 0.

	base    uint64            // The log begins after this entry.
	terms   []uint64          // terms[i] is the term of the entry base+i.
	sizes   []uint32          // sizes[i] is how many bytes the host has for it.
	changes map[uint64][]byte // Data of configuration changes.

	// Of messages that bring entries to followers: how the core asks for them, how many bytes one may
	// carry, and how many entries that are in the log already may give to all of one turn.
	messageSize  uint64
	messageBytes uint64
	turnBytes    uint64
	turnLeft     uint64 // Of turnBytes.

	members *pb.ConfState // The configuration in force; the engine's.
	wanted  bool          // A snapshot was asked for that has all members in it; there is none.
}

var _ raft.Storage = (*store)(nil)

func (s *store) last() uint64 { return s.base + uint64(len(s.terms)) - 1 }

func (s *store) InitialState() (pb.HardState, pb.ConfState, error) {
	return s.hardState, s.initial, nil
}

func (s *store) FirstIndex() (uint64, error) { return s.base + 1, nil }
func (s *store) LastIndex() (uint64, error)  { return s.last(), nil }

func (s *store) Term(index uint64) (uint64, error) {
	if index < s.base {
		return 0, raft.ErrCompacted
	}
	if index > s.last() {
		return 0, raft.ErrUnavailable
	}
	return s.terms[index-s.base], nil
}

func (s *store) Entries(lo, hi, maxSize uint64) ([]pb.Entry, error) {
	if lo <= s.base {
		return nil, raft.ErrCompacted
	}
	if hi > s.last()+1 {
		return nil, raft.ErrUnavailable
	}
	n := hi - lo
	if limit := maxSize / entryBytes; n > limit {
		n = limit
		if n == 0 {
			n = 1
		}
	}
	if maxSize == s.messageSize {
		n = s.forMessage(lo, n)
	}
	entries := make([]pb.Entry, n)
	for i := range entries {
		e := &entries[i]
		e.Index = lo + uint64(i)
		e.Term = s.terms[e.Index-s.base]
		if data, ok := s.changes[e.Index]; ok {
			e.Type = pb.EntryConfChangeV2
			e.Data = data
		}
	}
	return entries, nil
}

// forMessage says how many of n entries from lo on may go into a message: one at least, unless this
// turn's messages carry enough from the log. The core then sends none, or an empty one, and asks
// again when the follower has answered or a heartbeat later. So a follower that is far behind costs
// a turn of the leader's no more than so many bytes read from its disk.
func (s *store) forMessage(lo, n uint64) uint64 {
	if s.turnLeft == 0 {
		return 0
	}
	first := lo - s.base
	fits, bytes := uint64(1), uint64(s.sizes[first])
	for fits < n && bytes+uint64(s.sizes[first+fits]) <= s.messageBytes {
		bytes += uint64(s.sizes[first+fits])
		fits++
	}
	if bytes > s.turnLeft {
		bytes = s.turnLeft
	}
	s.turnLeft -= bytes
	return fits
}

// sizeOf is how many bytes the host has for an entry: a ref says so in its lower half, an entry that
// Entries gave has none.
func (s *store) sizeOf(entry *pb.Entry) uint64 {
	switch {
	case entry.Type != pb.EntryNormal:
		return uint64(len(entry.Data))
	case entry.Data != nil:
		return uint64(uint32(decodeRef(entry.Data)))
	case entry.Index > s.base && entry.Index <= s.last():
		return uint64(s.sizes[entry.Index-s.base])
	}
	return 0
}

// Snapshot offers the host's snapshot if every member of today would accept it: a member drops a
// snapshot that does not name it.
func (s *store) Snapshot() (pb.Snapshot, error) {
	meta := &s.snapshot.Metadata
	if meta.Index != 0 && names(&meta.ConfState, s.members.Voters) &&
		names(&meta.ConfState, s.members.Learners) {
		return s.snapshot, nil
	}
	s.wanted = true
	return pb.Snapshot{}, raft.ErrSnapshotTemporarilyUnavailable
}

func names(conf *pb.ConfState, ids []uint64) bool {
	for _, id := range ids {
		if !contains(conf.Voters, id) && !contains(conf.Learners, id) {
			return false
		}
	}
	return true
}

func contains(ids []uint64, id uint64) bool {
	for _, each := range ids {
		if each == id {
			return true
		}
	}
	return false
}

// append takes entries that are durable now, in place of any that were there from the first one on.
func (s *store) append(entries []pb.Entry) {
	if len(entries) == 0 {
		return
	}
	first := entries[0].Index
	if first <= s.base || first > s.last()+1 {
		fatal("engine: entries to store do not follow the log")
	}
	if first <= s.last() {
		s.terms = s.terms[:first-s.base]
		s.sizes = s.sizes[:first-s.base]
		for index := range s.changes {
			if index >= first {
				delete(s.changes, index)
			}
		}
	}
	for i := range entries {
		size := uint32(len(entries[i].Data))
		if entries[i].Type == pb.EntryNormal {
			size = uint32(decodeRef(entries[i].Data))
		}
		s.terms = append(s.terms, entries[i].Term)
		s.sizes = append(s.sizes, size)
		if entries[i].Type == pb.EntryConfChangeV2 {
			s.changes[entries[i].Index] = entries[i].Data
		}
	}
}

// install replaces the log by a snapshot that was received and is durable now.
func (s *store) install(snapshot pb.Snapshot) {
	s.snapshot = snapshot
	s.base = snapshot.Metadata.Index
	s.terms = append([]uint64(nil), snapshot.Metadata.Term)
	s.sizes = make([]uint32, 1)
	s.changes = map[uint64][]byte{}
}

// compact forgets the entries up to index, but none that follow the snapshot.
func (s *store) compact(index uint64) {
	if index > s.snapshot.Metadata.Index {
		index = s.snapshot.Metadata.Index
	}
	if index > s.last() {
		index = s.last()
	}
	if index <= s.base {
		return
	}
	s.terms = s.terms[index-s.base:]
	s.sizes = s.sizes[index-s.base:]
	s.base = index
	for each := range s.changes {
		if each <= index {
			delete(s.changes, each)
		}
	}
}

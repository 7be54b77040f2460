package main

import (
	"math"

	"go.etcd.io/etcd/raft"
	pb "go.etcd.io/etcd/raft/raftpb"
	"go.etcd.io/etcd/raft/tracker"
)

// output takes a Ready, if none is outstanding and there is any, and encodes the turn.
func (e *engine) output() []byte {
	settled := !e.outstanding
	e.outgoing = e.outgoing[:0]
	if !settled {
		e.takeEarly()
	} else if e.node.HasReady() || len(e.kept) != 0 {
		e.takeReady()
	}
	hasReady := settled && e.outstanding
	var flags byte
	if settled {
		flags |= outSettled
	}
	if e.store.wanted {
		flags |= outSnapshotWanted
	}
	if e.report.wantStatus {
		flags |= outStatus
	}
	if hasReady {
		flags |= outReady
	} else if len(e.outgoing) != 0 {
		flags |= outEarly
	}
	w := &e.out
	w.bytes = w.bytes[:0]
	w.u8(flags)
	e.putState()
	e.putReport()
	if e.report.wantStatus {
		e.putStatus()
	}
	if hasReady {
		e.putReady()
	} else if len(e.outgoing) != 0 {
		e.putOutgoing()
	}
	return w.bytes
}

// patience is how many ticks a Ready may be outstanding before what needs none goes out.
const patience = 2

// takeEarly finds what may be said while a Ready takes long to be stored: that this instance is
// alive, in a term that is durable. All else that the core wants to say is kept for the next Ready.
func (e *engine) takeEarly() {
	status := e.node.BasicStatus()
	if e.waited < patience || e.termIsNew || !raft.IsEmptySnap(e.ready.Snapshot) ||
		status.HardState.Term != e.durable.Term || status.HardState.Vote != e.durable.Vote {
		return
	}
	// Takes messages and read states from the core, and leaves all else as it is.
	rd := e.node.Ready()
	for i := range rd.ReadStates {
		e.takeReadState(&rd.ReadStates[i])
	}
	firstUnwritten := e.store.last() + 1
	if entries := e.ready.Entries; len(entries) != 0 && entries[0].Index < firstUnwritten {
		firstUnwritten = entries[0].Index
	}
	for _, m := range rd.Messages {
		switch {
		case m.Type == pb.MsgHeartbeatResp || m.Type == pb.MsgReadIndex:
		case m.Type == pb.MsgHeartbeat && !e.outdated(&m):
			if m.Commit >= firstUnwritten {
				m.Commit = firstUnwritten - 1
			}
		default:
			e.kept = append(e.kept, m)
			continue
		}
		e.outgoing = append(e.outgoing, m)
	}
}

func (e *engine) takeReady() {
	e.ready = e.node.Ready()
	e.ready.Messages = append(e.kept, e.ready.Messages...)
	e.kept = nil
	e.outstanding = true
	e.waited = 0
	state := &e.ready.HardState
	e.termIsNew = !raft.IsEmptyHardState(*state) &&
		(state.Term != e.durable.Term || state.Vote != e.durable.Vote)
	if !raft.IsEmptySnap(e.ready.Snapshot) {
		e.conf = e.ready.Snapshot.Metadata.ConfState
	}
	for i := range e.ready.ReadStates {
		e.takeReadState(&e.ready.ReadStates[i])
	}
}

func (e *engine) putState() {
	w, status := &e.out, e.node.BasicStatus()
	w.u8(byte(status.RaftState))
	w.u64(status.Lead)
	w.u64(status.Term)
	w.u64(status.Commit)
	w.u64(status.LeadTransferee)
}

func (e *engine) putReport() {
	w, r := &e.out, &e.report
	w.u32(len(r.refused))
	for i := range r.refused {
		w.u64(r.refused[i].ref)
		w.u8(byte(r.refused[i].reason))
	}
	w.u32(len(r.changes))
	for i := range r.changes {
		w.u64(r.changes[i].token)
		w.u8(byte(r.changes[i].reason))
		w.u64(r.changes[i].index)
		w.u64(r.changes[i].term)
	}
	w.u32(len(r.reads))
	for i := range r.reads {
		w.u64(r.reads[i].context)
		w.u64(r.reads[i].index)
	}
	w.u32(len(r.confs))
	for i := range r.confs {
		w.u64(r.confs[i].index)
		w.conf(&r.confs[i].conf)
	}
	w.u32(len(r.errors))
	for i := range r.errors {
		w.u64(r.errors[i].from)
		w.data([]byte(r.errors[i].text))
	}
}

// peer is what the leader knows of a member.
type peer struct {
	id, match, next uint64
	state           tracker.StateType
	snapshot        uint64
	active, learner bool
}

// visitPeers calls f for each member, in order of their ids.
func (e *engine) visitPeers(f func(p *peer)) {
	e.node.WithProgress(func(id uint64, _ raft.ProgressType, pr tracker.Progress) {
		active := pr.RecentActive || id == e.id
		f(&peer{id, pr.Match, pr.Next, pr.State, pr.PendingSnapshot, active, pr.IsLearner})
	})
}

func (e *engine) putStatus() {
	w, status := &e.out, e.node.BasicStatus()
	w.u64(status.Applied)
	w.conf(&e.conf)
	var peers []peer
	if status.RaftState == raft.StateLeader {
		e.visitPeers(func(p *peer) { peers = append(peers, *p) })
	}
	w.u32(len(peers))
	for i := range peers {
		p := &peers[i]
		w.u64(p.id)
		w.u64(p.match)
		w.u64(p.next)
		w.u8(byte(p.state))
		w.u64(p.snapshot)
		w.flag(p.active)
		w.flag(p.learner)
	}
}

func (e *engine) putReady() {
	w, rd := &e.out, &e.ready
	hasState, hasSnapshot := !raft.IsEmptyHardState(rd.HardState), !raft.IsEmptySnap(rd.Snapshot)
	var flags byte
	if rd.MustSync || hasSnapshot {
		flags |= readyMustSync
	}
	if hasState {
		flags |= readyHardState
	}
	if hasSnapshot {
		flags |= readySnapshot
	}
	w.u8(flags)
	if hasState {
		w.u64(rd.HardState.Term)
		w.u64(rd.HardState.Vote)
		w.u64(rd.HardState.Commit)
	}
	e.putEntries()
	if hasSnapshot {
		w.u64(rd.Snapshot.Metadata.Index)
		w.u64(rd.Snapshot.Metadata.Term)
		w.conf(&rd.Snapshot.Metadata.ConfState)
	}
	e.putCommitted()
	e.putMessages()
	if hasState {
		e.durable = rd.HardState
	}
}

func (e *engine) putEntries() {
	w, entries := &e.out, e.ready.Entries
	w.u32(len(entries))
	for i := range entries {
		entry := &entries[i]
		w.u64(entry.Index)
		w.u64(entry.Term)
		if entry.Type == pb.EntryNormal {
			w.u8(kindNormal)
			w.u64(decodeRef(entry.Data))
			w.u32(0)
		} else {
			w.u8(kindConfChange)
			w.u64(0)
			w.data(entry.Data)
		}
	}
}

func (e *engine) putCommitted() {
	w, entries := &e.out, e.ready.CommittedEntries
	if len(entries) == 0 {
		w.u64(0)
		w.u64(0)
	} else {
		w.u64(entries[0].Index)
		w.u64(entries[len(entries)-1].Index)
	}
	changes := 0
	for i := range entries {
		if entries[i].Type != pb.EntryNormal {
			changes++
		}
	}
	w.u32(changes)
	for i := range entries {
		if entries[i].Type != pb.EntryNormal {
			w.u64(entries[i].Index)
			w.data(entries[i].Data)
		}
	}
}

func (e *engine) putMessages() {
	messages := e.ready.Messages
	for i := range messages {
		if !e.outdated(&messages[i]) {
			e.divide(messages[i])
		}
	}
	e.putOutgoing()
}

func (e *engine) putOutgoing() {
	w := &e.out
	w.u32(len(e.outgoing))
	for i := range e.outgoing {
		e.putMessage(&e.outgoing[i])
	}
}

// divide makes several messages of one whose entries are too much for it. The core counts the
// references of entries that are not stored yet, not what the host has behind them.
func (e *engine) divide(m pb.Message) {
	for m.Type == pb.MsgApp && len(m.Entries) > 1 {
		fits, bytes := 1, e.store.sizeOf(&m.Entries[0])
		for ; fits < len(m.Entries); fits++ {
			bytes += e.store.sizeOf(&m.Entries[fits])
			if bytes > e.store.messageBytes {
				break
			}
		}
		if fits == len(m.Entries) {
			break
		}
		part := m
		part.Entries = m.Entries[:fits]
		e.outgoing = append(e.outgoing, part)
		last := &m.Entries[fits-1]
		m.Index, m.LogTerm, m.Entries = last.Index, last.Term, m.Entries[fits:]
	}
	e.outgoing = append(e.outgoing, m)
}

// outdated says whether m is a leader's message that names entries which the host's log may not have
// any more: it was made before another leader's entries came, or before a compaction. The core
// itself treats it as lost.
func (e *engine) outdated(m *pb.Message) bool {
	if m.Type != pb.MsgApp && m.Type != pb.MsgSnap && m.Type != pb.MsgHeartbeat {
		return false
	}
	status := e.node.BasicStatus()
	if status.RaftState != raft.StateLeader || m.Term != status.Term {
		return true
	}
	return len(m.Entries) != 0 && m.Entries[0].Index <= e.store.base
}

func (e *engine) putMessage(m *pb.Message) {
	w := &e.out
	w.u64(m.To)
	w.u8(byte(m.Type))
	w.flag(e.beforeWrite(m))
	if m.Type == pb.MsgApp && len(m.Entries) != 0 {
		w.u64(m.Entries[0].Index)
		w.u32(len(m.Entries))
	} else {
		w.u64(0)
		w.u32(0)
	}
	w.u64(m.Commit)
	w.u64(m.Snapshot.Metadata.Index)
	w.u64(m.Snapshot.Metadata.Term)
	if m.Type != pb.MsgApp || len(m.Entries) == 0 {
		w.message(m)
		return
	}
	bare := *m
	bare.Entries = append(e.scratch[:0], m.Entries...)
	for i := range bare.Entries {
		if bare.Entries[i].Type == pb.EntryNormal {
			bare.Entries[i].Data = nil
		}
	}
	w.message(&bare)
	e.scratch = bare.Entries[:0]
}

// beforeWrite says whether m may go out before the Ready's write. It may if it is true whether or
// not that write survives: it is of a term that is durable, and tells nobody that an entry is
// committed or stored which this instance has yet to store. (The core counts the leader's own copy
// towards a majority when it is appended, not when it is stored.)
func (e *engine) beforeWrite(m *pb.Message) bool {
	rd := &e.ready
	if !raft.IsEmptySnap(rd.Snapshot) {
		return false
	}
	if e.termIsNew {
		return false
	}
	firstUnwritten := uint64(math.MaxUint64)
	if len(rd.Entries) != 0 {
		firstUnwritten = rd.Entries[0].Index
	}
	switch m.Type {
	case pb.MsgApp, pb.MsgHeartbeat:
		return m.Commit < firstUnwritten
	case pb.MsgReadIndexResp:
		return m.Index < firstUnwritten
	case pb.MsgSnap, pb.MsgHeartbeatResp, pb.MsgReadIndex:
		return true
	}
	return false
}

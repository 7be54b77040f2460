package main

import (
	"encoding/binary"
	"fmt"

	"go.etcd.io/etcd/raft"
	pb "go.etcd.io/etcd/raft/raftpb"
)

// refusal is the host's Refusal.
type refusal byte

const (
	refusedNot refusal = iota
	refusedNotLeader
	refusedTransferring
	refusedNotMember
	refusedChangePending
	refusedInvalid
	refusedLeaderItself
)

// engine is one instance's Raft. Its driver's rules are in ../engine.h.
type engine struct {
	id    uint64
	nonce uint64 // No other start of this instance has it.
	node  *raft.RawNode
	store *store
	log   *logger
	conf  pb.ConfState // In force.

	lastChange changeResult // The last configuration change that this instance appended as leader.

	outstanding bool
	ready       raft.Ready   // The outstanding one.
	durable     pb.HardState // What the host was last told to store.
	held        *pb.Message  // A snapshot's message that waits for Advance.
	waited      int          // Ticks since the outstanding Ready was given out.
	termIsNew   bool         // The outstanding Ready brings a term or a vote.
	kept        []pb.Message // Taken from the core meanwhile, for the next Ready.

	proposals []pb.Entry // Of this turn; appended together at its end.
	scratch   []pb.Entry // For encoding.
	outgoing  []pb.Message
	report    report
	out       writer
}

// report is what a turn gives out besides the Ready.
type report struct {
	refused    []refusedProposal
	changes    []changeResult
	reads      []readState
	confs      []appliedConf
	errors     []stepError
	wantStatus bool
}

type refusedProposal struct {
	ref    uint64
	reason refusal
}

type changeResult struct {
	token       uint64
	reason      refusal
	index, term uint64
}

type readState struct{ context, index uint64 }

type appliedConf struct {
	index uint64
	conf  pb.ConfState
}

type stepError struct {
	from uint64
	text string
}

// turn steps the events and gives out what comes of them. The result is valid until the next turn.
func (e *engine) turn(in *reader) []byte {
	r := &e.report
	*r = report{refused: r.refused[:0], changes: r.changes[:0], reads: r.reads[:0],
		confs: r.confs[:0], errors: r.errors[:0]}
	e.store.wanted = false
	e.store.turnLeft = e.store.turnBytes
	for !in.empty() {
		e.event(in)
	}
	e.propose()
	e.leaveJoint()
	return e.output()
}

func (e *engine) event(in *reader) {
	switch event := in.u8(); event {
	case eventTick:
		e.tick()
	case eventStep:
		e.step(in)
	case eventPropose:
		e.proposals = append(e.proposals, pb.Entry{Data: encodeRef(in.u64())})
	case eventProposeChange:
		e.proposeChange(in)
	case eventReadIndex:
		e.readIndex(in.u64())
	case eventTransfer:
		// A follower's core would forward this in its own name, as a wish to lead itself.
		if to := in.u64(); e.node.BasicStatus().RaftState == raft.StateLeader {
			e.node.TransferLeader(to)
		}
	case eventCampaign:
		_ = e.node.Campaign() // It never fails; whether it does anything is the core's to say.
	case eventUnreachable:
		e.node.ReportUnreachable(in.u64())
	case eventReportSnapshot:
		id, status := in.u64(), raft.SnapshotFailure
		if in.u8() != 0 {
			status = raft.SnapshotFinish
		}
		e.node.ReportSnapshot(id, status)
	case eventSetSnapshot:
		e.setSnapshot(in.metadata())
	case eventCompact:
		e.compact(in.u64())
	case eventStatus:
		e.report.wantStatus = true
	case eventAdvance:
		e.advance()
	default:
		fatal(fmt.Sprintf("engine: unknown event %d", event))
	}
}

// tick also makes a leader that was removed or demoted hand over: it may finish what it began, but
// it has no say in the cluster any more, and the core would let it lead on.
func (e *engine) tick() {
	e.waited++
	e.node.Tick()
	status := e.node.BasicStatus()
	if status.RaftState != raft.StateLeader || status.LeadTransferee != raft.None || e.votes() {
		return
	}
	if successor := e.mostAdvancedVoter(); successor != raft.None {
		e.node.TransferLeader(successor)
	}
}

func (e *engine) mostAdvancedVoter() uint64 {
	best, match := uint64(raft.None), uint64(0)
	e.visitPeers(func(p *peer) {
		if contains(e.conf.Voters, p.id) && p.match > match {
			best, match = p.id, p.match
		}
	})
	return best
}

// step takes a message from a peer.
func (e *engine) step(in *reader) {
	from, bytes, refs := in.u64(), in.data(), in.u64s()
	m := &pb.Message{}
	err := m.Unmarshal(bytes)
	if err == nil {
		err = checkMessage(m, e.id, from, len(refs))
	}
	if err != nil {
		e.fail(from, "a message was dropped: "+err.Error())
		return
	}
	if m.Type == pb.MsgApp {
		for i, ref := range refs {
			if m.Entries[i].Type == pb.EntryNormal {
				m.Entries[i].Data = encodeRef(ref)
			}
		}
	}
	if m.Type == pb.MsgApp {
		e.trim(m)
	}
	if m.Type == pb.MsgSnap && e.outstanding {
		// The core would take up the snapshot's configuration at once, and then the changes in the
		// outstanding Ready, which are older, on top of it.
		e.held = m
		return
	}
	e.stepChecked(m)
}

// trim takes off a leader's entries what is committed here already. The core would drop all of the
// message for that, and a commit index may come before entries that were sent earlier.
func (e *engine) trim(m *pb.Message) {
	commit := e.node.BasicStatus().Commit
	if m.Index >= commit || m.Index+uint64(len(m.Entries)) <= commit {
		return
	}
	known := commit - m.Index
	m.Index, m.LogTerm = commit, m.Entries[known-1].Term
	m.Entries = m.Entries[known:]
}

func (e *engine) stepChecked(m *pb.Message) {
	switch m.Type {
	case pb.MsgVoteResp, pb.MsgPreVoteResp:
		if !e.votes() {
			return // Removed while it campaigned: it must not win.
		}
	case pb.MsgReadIndex:
		if !e.mayConfirmReads() {
			return
		}
	}
	if err := e.node.Step(*m); err != nil {
		e.fail(m.From, fmt.Sprintf("a %s was dropped: %v", m.Type, err))
	}
}

func (e *engine) fail(from uint64, text string) {
	e.report.errors = append(e.report.errors, stepError{from, text})
}

// encodeRef makes the data of a normal entry; an empty entry's stays nil.
func encodeRef(ref uint64) []byte {
	if ref == 0 {
		return nil
	}
	data := make([]byte, 8)
	binary.LittleEndian.PutUint64(data, ref)
	return data
}

func decodeRef(data []byte) uint64 {
	if len(data) == 0 {
		return 0
	}
	return binary.LittleEndian.Uint64(data)
}

// propose appends this turn's proposals, all or none.
func (e *engine) propose() {
	if len(e.proposals) == 0 {
		return
	}
	reason := e.proposeEntries(e.proposals)
	if reason != refusedNot {
		for i := range e.proposals {
			ref := decodeRef(e.proposals[i].Data)
			e.report.refused = append(e.report.refused, refusedProposal{ref, reason})
		}
	}
	e.proposals = e.proposals[:0]
}

// proposeEntries lets the core append entries; it fills in their index and term.
func (e *engine) proposeEntries(entries []pb.Entry) refusal {
	if e.node.BasicStatus().RaftState != raft.StateLeader {
		return refusedNotLeader
	}
	if err := e.node.Step(pb.Message{Type: pb.MsgProp, From: e.id, Entries: entries}); err == nil {
		return refusedNot
	}
	if e.node.BasicStatus().LeadTransferee != raft.None {
		return refusedTransferring
	}
	return refusedNotMember
}

func (e *engine) proposeChange(in *reader) {
	result := changeResult{token: in.u64()}
	data := in.copied()
	if e.node.BasicStatus().RaftState != raft.StateLeader {
		result.reason = refusedNotLeader
	} else if result.reason = checkChange(data, &e.conf, e.id); result.reason == refusedNot {
		result = e.appendChange(data, result.token)
	}
	e.report.changes = append(e.report.changes, result)
}

// appendChange lets the core append a checked change, if the last one is applied.
func (e *engine) appendChange(data []byte, token uint64) changeResult {
	result := changeResult{token: token, reason: refusedChangePending}
	if !e.changesApplied() {
		return result
	}
	entries := []pb.Entry{{Type: pb.EntryConfChangeV2, Data: data}}
	if result.reason = e.proposeEntries(entries); result.reason != refusedNot {
		return result
	}
	if entries[0].Type == pb.EntryNormal {
		// The core makes an empty entry of a change while it believes another to be under way.
		result.reason = refusedChangePending
		return result
	}
	result.index, result.term = entries[0].Index, entries[0].Term
	e.lastChange = result
	return result
}

// changesApplied says whether a leader has applied all changes in its log: its own, and with an
// entry of its own term all those of earlier leaders.
func (e *engine) changesApplied() bool {
	status := e.node.BasicStatus()
	term, err := e.store.Term(status.Applied)
	if err != nil || term != status.Term {
		return false
	}
	return status.Applied >= e.lastChange.index || e.lastChange.term != status.Term
}

// leaveJoint makes a leader end a joint configuration. The core can do that by itself, but then it
// appends one such change for each Advance until the first is applied, and panics at the second.
func (e *engine) leaveJoint() {
	if len(e.conf.VotersOutgoing) == 0 {
		return
	}
	status := e.node.BasicStatus()
	if status.RaftState == raft.StateLeader && status.LeadTransferee == raft.None {
		e.appendChange(nil, 0)
	}
}

// readIndex asks for a read index. The core tells requests apart by their context alone, over all
// instances; a late answer to an earlier start of this one must not pass for a new one.
func (e *engine) readIndex(context uint64) {
	bytes := make([]byte, contextBytes)
	binary.LittleEndian.PutUint64(bytes, e.id)
	binary.LittleEndian.PutUint64(bytes[8:], e.nonce)
	binary.LittleEndian.PutUint64(bytes[16:], context)
	if e.mayConfirmReads() {
		e.node.ReadIndex(bytes)
	}
}

// mayConfirmReads is false for a leader that was removed: where one other voter is left, the core
// would take the leader's own word for a majority's.
func (e *engine) mayConfirmReads() bool {
	return e.votes() || e.node.BasicStatus().RaftState != raft.StateLeader
}

// votes says whether this instance is a voter.
func (e *engine) votes() bool {
	return contains(e.conf.Voters, e.id) || contains(e.conf.VotersOutgoing, e.id)
}

func (e *engine) takeReadState(state *raft.ReadState) {
	c, number := state.RequestCtx, binary.LittleEndian.Uint64
	if number(c) == e.id && number(c[8:]) == e.nonce {
		e.report.reads = append(e.report.reads, readState{number(c[16:]), state.Index})
	}
}

func (e *engine) setSnapshot(meta pb.SnapshotMetadata) {
	if meta.Index <= e.store.snapshot.Metadata.Index {
		return
	}
	if term, err := e.store.Term(meta.Index); err == nil && term != meta.Term {
		fatal(fmt.Sprintf("engine: a snapshot at index %d has term %d, the log has %d",
			meta.Index, meta.Term, term))
	}
	e.store.snapshot.Metadata = meta
}

// compact forgets nothing that the core still has to give out.
func (e *engine) compact(index uint64) {
	if applied := e.node.BasicStatus().Applied; index > applied {
		index = applied
	}
	e.store.compact(index)
}

// advance learns that the outstanding Ready is durable, and applies its configuration changes.
func (e *engine) advance() {
	if !e.outstanding {
		fatal("engine: Advance without a Ready")
	}
	rd := &e.ready
	if !raft.IsEmptySnap(rd.Snapshot) {
		e.store.install(rd.Snapshot)
		meta := &rd.Snapshot.Metadata
		e.report.confs = append(e.report.confs, appliedConf{meta.Index, meta.ConfState})
	}
	e.store.append(rd.Entries)
	for i := range rd.CommittedEntries {
		if entry := &rd.CommittedEntries[i]; entry.Type == pb.EntryConfChangeV2 {
			e.applyChange(entry)
		}
	}
	e.node.Advance(*rd)
	e.ready = raft.Ready{}
	e.outstanding = false
	if held := e.held; held != nil {
		e.held = nil
		e.stepChecked(held)
	}
}

func (e *engine) applyChange(entry *pb.Entry) {
	var change pb.ConfChangeV2
	if err := change.Unmarshal(entry.Data); err != nil {
		fatal(fmt.Sprintf("engine: the configuration change at index %d: %v", entry.Index, err))
	}
	e.conf = *e.node.ApplyConfChange(change)
	e.report.confs = append(e.report.confs, appliedConf{entry.Index, e.conf})
}

package main

import (
	"errors"
	"fmt"

	"go.etcd.io/etcd/raft/confchange"
	pb "go.etcd.io/etcd/raft/raftpb"
	"go.etcd.io/etcd/raft/tracker"
)

// The core trusts its input and panics on some that is malformed. What comes from the network or
// from an operator is therefore checked here.

// contextBytes is the length of a ReadIndex request's context; see engine.readIndex.
const contextBytes = 24

var errEntries = errors.New("its entries do not follow one another")

// checkMessage says what is wrong with the form of a message from a peer; nil if nothing is.
func checkMessage(m *pb.Message, self, from uint64, refs int) error {
	if m.From != from || m.To != self || from == self || from == 0 {
		return fmt.Errorf("it is from %d to %d", m.From, m.To)
	}
	if m.Type != pb.MsgApp && refs != 0 {
		return fmt.Errorf("a %s comes with %d payloads", m.Type, refs)
	}
	if m.Type != pb.MsgSnap && (m.Snapshot.Metadata.Index != 0 || len(m.Snapshot.Data) != 0) {
		return fmt.Errorf("a %s carries a snapshot", m.Type)
	}
	if (m.Type == pb.MsgReadIndex) != (m.Term == 0) {
		return fmt.Errorf("a %s has term %d", m.Type, m.Term)
	}
	switch m.Type {
	case pb.MsgApp:
		return checkAppend(m, refs)
	case pb.MsgSnap:
		meta := &m.Snapshot.Metadata
		if meta.Index == 0 || meta.Term == 0 || meta.Term > m.Term || len(m.Snapshot.Data) != 0 {
			return errors.New("its snapshot has no proper metadata")
		}
		return checkConf(&meta.ConfState)
	case pb.MsgReadIndex, pb.MsgReadIndexResp:
		if len(m.Entries) != 1 || m.Entries[0].Type != pb.EntryNormal ||
			len(m.Entries[0].Data) != contextBytes {
			return errors.New("it has no proper context")
		}
		return nil
	case pb.MsgAppResp, pb.MsgVote, pb.MsgVoteResp, pb.MsgPreVote, pb.MsgPreVoteResp,
		pb.MsgHeartbeat, pb.MsgHeartbeatResp, pb.MsgTimeoutNow:
		if len(m.Entries) != 0 {
			return fmt.Errorf("a %s carries entries", m.Type)
		}
		return nil
	}
	return fmt.Errorf("type %d does not come from a peer", m.Type)
}

func checkAppend(m *pb.Message, refs int) error {
	if refs != len(m.Entries) {
		return fmt.Errorf("%d entries come with %d payloads", len(m.Entries), refs)
	}
	if m.LogTerm > m.Term {
		return errEntries
	}
	term := m.LogTerm
	for i := range m.Entries {
		e := &m.Entries[i]
		if e.Index != m.Index+1+uint64(i) || e.Term < term || e.Term > m.Term || e.Term == 0 {
			return errEntries
		}
		term = e.Term
		switch e.Type {
		case pb.EntryNormal:
			if len(e.Data) != 0 {
				return errors.New("an entry's payload is in the message itself")
			}
		case pb.EntryConfChangeV2:
			var change pb.ConfChangeV2
			if err := change.Unmarshal(e.Data); err != nil {
				return fmt.Errorf("its configuration change: %v", err)
			}
		default:
			return fmt.Errorf("an entry has type %d", e.Type)
		}
	}
	return nil
}

// restored is a tracker with the configuration conf, to try changes on.
func restored(conf *pb.ConfState) (changer confchange.Changer, err error) {
	defer func() {
		if reason := recover(); reason != nil {
			err = fmt.Errorf("%v", reason)
		}
	}()
	changer = confchange.Changer{Tracker: tracker.MakeProgressTracker(1), LastIndex: 1}
	config, progress, err := confchange.Restore(changer, *conf)
	if err == nil {
		changer.Tracker.Config, changer.Tracker.Progress = config, progress
	}
	return changer, err
}

// checkConf says whether conf is a configuration that the core can take up.
func checkConf(conf *pb.ConfState) error {
	if len(conf.Voters) == 0 {
		return errors.New("its configuration has no voters")
	}
	changer, err := restored(conf)
	if err == nil {
		err = conf.Equivalent(changer.Tracker.ConfState())
	}
	if err != nil {
		return fmt.Errorf("its configuration is not possible: %v", err)
	}
	return nil
}

// checkChange says why a proposed change to conf is refused. The core would find out only when it
// applies it, on every instance, by a panic.
func checkChange(data []byte, conf *pb.ConfState, self uint64) refusal {
	var change pb.ConfChangeV2
	if err := change.Unmarshal(data); err != nil || len(change.Changes) == 0 {
		return refusedInvalid
	}
	transition := pb.ConfChangeTransitionAuto
	if len(change.Changes) > 1 {
		transition = pb.ConfChangeTransitionJointExplicit // See engine.leaveJoint.
	}
	if change.Transition != transition {
		return refusedInvalid
	}
	seen := map[uint64]bool{}
	for _, step := range change.Changes {
		switch step.Type {
		case pb.ConfChangeAddNode, pb.ConfChangeAddLearnerNode, pb.ConfChangeRemoveNode:
		default:
			return refusedInvalid
		}
		if step.NodeID == 0 || seen[step.NodeID] {
			return refusedInvalid
		}
		seen[step.NodeID] = true
	}
	if len(conf.VotersOutgoing) != 0 {
		return refusedChangePending
	}
	changer, err := restored(conf)
	if err != nil {
		return refusedInvalid
	}
	var after tracker.Config
	if autoLeave, joint := change.EnterJoint(); joint {
		after, _, err = changer.EnterJoint(autoLeave, change.Changes...)
	} else {
		after, _, err = changer.Simple(change.Changes...)
	}
	if err != nil || len(after.Voters[0]) == 0 {
		return refusedInvalid
	}
	if _, stays := after.Voters[0][self]; !stays {
		return refusedLeaderItself
	}
	return refusedNot
}

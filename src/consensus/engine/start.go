package main

import (
	"errors"
	"fmt"

	"go.etcd.io/etcd/raft"
	pb "go.etcd.io/etcd/raft/raftpb"
)

// committedPerReady bounds how many committed entries one Ready gives out.
const committedPerReady = 4096

// lostLog is an error that says that the log holds less than it must.
type lostLog struct{ text string }

func (l lostLog) Error() string { return l.text }

func encodeStartError(err error) []byte {
	code := byte(0)
	if _, lost := err.(lostLog); lost {
		code = 1
	}
	return append([]byte{code}, err.Error()...)
}

// start makes an engine from a start buffer.
func start(in *reader, level level) (*engine, error) {
	config := raft.Config{
		ID:              in.u64(),
		ElectionTick:    int(in.u32()),
		HeartbeatTick:   int(in.u32()),
		MaxInflightMsgs: int(in.u32()),
		MaxSizePerMsg:   uint64(in.u32()) * entryBytes,
		// Never the same number: the store tells by it what the core wants entries for.
		MaxCommittedSizePerReady:  committedPerReady*entryBytes + 1,
		CheckQuorum:               true,
		PreVote:                   true,
		ReadOnlyOption:            raft.ReadOnlySafe,
		DisableProposalForwarding: true,
	}
	messageBytes, turnBytes := in.u64(), in.u64()
	seed := in.u64()
	s, err := readStore(in)
	if err == nil {
		err = checkOptions(&config)
	}
	if err == nil {
		err = s.repair()
	}
	if err != nil {
		return nil, err
	}
	s.messageSize, s.messageBytes, s.turnBytes = config.MaxSizePerMsg, messageBytes, turnBytes
	e := &engine{id: config.ID, store: s, log: &logger{level: level}}
	e.conf, e.durable = s.initial, s.hardState
	e.nonce = incarnation(config.ID, seed)
	s.members = &e.conf
	config.Storage = s
	config.Logger = e.log
	config.Applied = s.snapshot.Metadata.Index
	e.node, err = raft.NewRawNode(&config)
	return e, err
}

func checkOptions(c *raft.Config) error {
	switch {
	case c.ID == raft.None:
		return errors.New("the instance's raft id is 0")
	case c.HeartbeatTick <= 0 || c.ElectionTick <= c.HeartbeatTick:
		return errors.New("the election time-out must be longer than the heartbeat")
	case c.MaxInflightMsgs <= 0 || c.MaxSizePerMsg == 0:
		return errors.New("the limits on messages must be positive")
	}
	return nil
}

func readStore(in *reader) (*store, error) {
	s := &store{changes: map[uint64][]byte{}}
	s.hardState = pb.HardState{Term: in.u64(), Vote: in.u64(), Commit: in.u64()}
	s.snapshot.Metadata = in.metadata()
	s.initial = s.snapshot.Metadata.ConfState
	s.base = in.u64()
	s.terms = []uint64{in.u64()}
	s.sizes = []uint32{0}
	for !in.empty() {
		term, kind, size, data := in.u64(), in.u8(), in.u32(), in.data()
		if term == 0 || term < s.terms[len(s.terms)-1] {
			return nil, lostLog{fmt.Sprintf("the log's entry %d has term %d, the one before has %d",
				s.last()+1, term, s.terms[len(s.terms)-1])}
		}
		s.terms = append(s.terms, term)
		s.sizes = append(s.sizes, size)
		if kind == kindConfChange {
			s.changes[s.last()] = append([]byte(nil), data...)
		}
	}
	return s, nil
}

// repair checks log, snapshot and hard state against each other, and puts right what a crash
// between their writes can leave.
func (s *store) repair() error {
	meta := &s.snapshot.Metadata
	if len(s.initial.Voters) == 0 {
		if meta.Index != 0 || s.base != 0 || s.last() != 0 {
			return errors.New("there is a log or a snapshot, but no configuration")
		}
	} else if err := checkConf(&s.initial); err != nil {
		return fmt.Errorf("the snapshot: %v", err)
	} else if meta.Index == 0 || meta.Term == 0 {
		return errors.New("there is a configuration, but no snapshot that it is of")
	}
	if meta.Index < s.base {
		return lostLog{fmt.Sprintf("the log begins after index %d, but the snapshot ends at %d",
			s.base, meta.Index)}
	}
	if meta.Index > s.last() {
		return lostLog{fmt.Sprintf(
			"the log ends at index %d, before the snapshot at %d; it must be reset to it",
			s.last(), meta.Index)}
	}
	if term, _ := s.Term(meta.Index); term != meta.Term {
		return lostLog{fmt.Sprintf(
			"at index %d the log has term %d, the snapshot has %d; it must be reset to it",
			meta.Index, term, meta.Term)}
	}
	if s.hardState.Commit > s.last() {
		return lostLog{fmt.Sprintf(
			"the log ends at index %d, but entries up to %d are known to be committed",
			s.last(), s.hardState.Commit)}
	}
	if s.hardState.Commit < meta.Index {
		s.hardState.Commit = meta.Index
	}
	if last := s.terms[len(s.terms)-1]; s.hardState.Term < last {
		s.hardState.Term, s.hardState.Vote = last, raft.None
	}
	return nil
}

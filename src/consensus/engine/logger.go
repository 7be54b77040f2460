package main

// #include "host.h"
import "C"

import (
	"fmt"
	"unsafe"

	"go.etcd.io/etcd/raft"
)

// level is the host's LogLevel.
type level int

const (
	levelDebug level = iota
	levelInfo
	levelWarning
	levelError
)

// logger hands the core's lines to the host's log, formatting only what is wanted there. Its Panic
// and Fatal stop the process.
type logger struct {
	level level
}

var _ raft.Logger = (*logger)(nil)

func (l *logger) line(at level, text string) {
	bytes := []byte("raft: " + text)
	C.mydis_engine_log(C.int(at), (*C.char)(unsafe.Pointer(&bytes[0])), C.size_t(len(bytes)))
}

func (l *logger) put(at level, v []interface{}) {
	if at >= l.level {
		l.line(at, fmt.Sprint(v...))
	}
}

func (l *logger) putf(at level, format string, v []interface{}) {
	if at >= l.level {
		l.line(at, fmt.Sprintf(format, v...))
	}
}

func (l *logger) Debug(v ...interface{})                 { l.put(levelDebug, v) }
func (l *logger) Debugf(format string, v ...interface{}) { l.putf(levelDebug, format, v) }

// Every step of an election is news to the core; to an operator only its outcome is, and the host
// logs that itself.
func (l *logger) Info(v ...interface{})                    { l.put(levelDebug, v) }
func (l *logger) Infof(format string, v ...interface{})    { l.putf(levelDebug, format, v) }
func (l *logger) Warning(v ...interface{})                 { l.put(levelWarning, v) }
func (l *logger) Warningf(format string, v ...interface{}) { l.putf(levelWarning, format, v) }
func (l *logger) Error(v ...interface{})                   { l.put(levelError, v) }
func (l *logger) Errorf(format string, v ...interface{})   { l.putf(levelError, format, v) }
func (l *logger) Fatal(v ...interface{})                   { fatal(fmt.Sprint(v...)) }
func (l *logger) Fatalf(format string, v ...interface{})   { fatal(fmt.Sprintf(format, v...)) }
func (l *logger) Panic(v ...interface{})                   { fatal(fmt.Sprint(v...)) }
func (l *logger) Panicf(format string, v ...interface{})   { fatal(fmt.Sprintf(format, v...)) }

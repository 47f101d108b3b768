//go:build linux

package crash

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/contactsync/contactsync"
	"github.com/contactsync/contactsync/connector"
	"github.com/contactsync/contactsync/connector/vcard"
	"github.com/contactsync/contactsync/contact"
)

// A child is this test binary, started again to run one sync, or to work in a fleet, and to be killed in it.

const childOrders = "CONTACTSYNC_CRASH_CHILD"

// orders are what a child is told to do.
type orders struct {
	Store, Where string    // which of diskStores, and where
	Books        [2]string // a folder of cards, or a file of many
	Start        time.Time // what its clock shows first
	Speed        int64     // how much faster than the machine's its clock goes; 0: as fast, and nobody waits who sleeps
	Batch        int       // how many cards one call writes
	FileLimit    uint64    // the longest file that it may write, in bytes; 0 is any
	Fleet        bool      // it works in a fleet, until it is killed; else it syncs once
}

// TestMain runs the tests, or is the child.
func TestMain(m *testing.M) {
	text, child := os.LookupEnv(childOrders)
	if !child {
		os.Exit(m.Run())
	}
	var o orders
	err := json.Unmarshal([]byte(text), &o)
	if err == nil {
		err = o.carryOut(context.Background(), os.Stdout)
	}
	if err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// warpClock is a clock that goes faster than the machine's, so that a lease lapses while one can wait for it.
type warpClock struct {
	begun, start time.Time
	speed        time.Duration
	slept        atomic.Int64 // without waiting
}

func newWarpClock(start time.Time, speed int64) *warpClock {
	return &warpClock{begun: time.Now(), start: start, speed: time.Duration(speed)}
}

func (c *warpClock) Now() time.Time {
	return c.start.Add(time.Since(c.begun)*max(c.speed, 1) + time.Duration(c.slept.Load()))
}

func (c *warpClock) Sleep(ctx context.Context, d time.Duration) error {
	if c.speed == 0 {
		c.slept.Add(int64(d))
		return ctx.Err()
	}
	return connector.SystemClock{}.Sleep(ctx, d/c.speed)
}

// carryOut opens the store and the books, and syncs. It tells on out when it begins, each phase of the sync, and each
// write.
func (o orders) carryOut(ctx context.Context, out io.Writer) error {
	if o.FileLimit > 0 {
		signal.Ignore(syscall.SIGXFSZ)
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: o.FileLimit, Max: o.FileLimit}); err != nil {
			return err
		}
	}
	fmt.Fprintln(out, "ready")
	store, closeStore, err := diskStores[o.Store].open(ctx, o.Where)
	if err != nil {
		return err
	}
	defer closeStore()
	if o.Fleet {
		return o.runFleet(ctx, store, out)
	}
	report, err := o.sync(ctx, store, func(phase string) { fmt.Fprintln(out, phase) })
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "done", report.Counts, report.Waiting)
	return nil
}

// sync runs one sync over the books.
func (o orders) sync(ctx context.Context, store contactsync.Store, told func(string)) (*contactsync.Report, error) {
	s, err := o.syncer(ctx, store, told)
	if err != nil {
		return nil, err
	}
	return s.Sync(ctx)
}

func (o orders) syncer(ctx context.Context, store contactsync.Store, told func(string)) (*contactsync.Syncer, error) {
	return contactsync.Open(ctx, connection, o.book(0), o.book(1), store, contactsync.WithClock(newWarpClock(o.Start, o.Speed)),
		contactsync.WithProgress(func(p contactsync.Progress) { told(string(p.Phase)) }),
		contactsync.WithObserver(func(contactsync.Event) { told(string(contactsync.PhasePush)) }))
}

func (o orders) book(side int) connector.Connector {
	open := vcard.Folder
	if isFile(o.Books[side]) {
		open = vcard.File
	}
	return calls{open(o.Books[side]), o.Batch}
}

// calls is a book that takes a few cards a call, so that a sync makes many of them.
type calls struct {
	connector.Connector
	batch int
}

func (c calls) Schema(ctx context.Context) (contact.Schema, error) {
	s, err := c.Connector.Schema(ctx)
	s.Batch = contact.Batch{Create: c.batch, Update: c.batch, Delete: c.batch, Read: c.batch}
	return s, err
}

func (c calls) Features() connector.Features { return connector.FeaturesOf(c.Connector) }

// connection is what all syncs of this package work by.
var connection = contactsync.Connection{ID: "crash",
	Deletions: contactsync.Deletions{FromA: contactsync.DeletionDelete, FromB: contactsync.DeletionDelete}}

// child is one that runs.
type child struct {
	*exec.Cmd
	lines chan string // what it tells; closed at its end
	said  []string
}

// start starts a child and waits until it is ready to sync.
func start(t *testing.T, o orders) *child {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	text, err := json.Marshal(o)
	require.NoError(t, err)
	c := &child{Cmd: exec.Command(self), lines: make(chan string, 10000)}
	c.Env = append(os.Environ(), childOrders+"="+string(text))
	c.Stderr = os.Stderr
	out, err := c.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, c.Start())
	go func() {
		defer close(c.lines)
		for scan := bufio.NewScanner(out); scan.Scan(); {
			c.lines <- scan.Text()
		}
	}()
	if line, ok := <-c.lines; ok {
		c.said = append(c.said, line)
	}
	return c
}

// saying waits until the child tells this, or ends.
func (c *child) saying(text string) {
	for line := range c.lines {
		if c.said = append(c.said, line); line == text {
			return
		}
	}
}

// end waits for the end and returns the last thing that was told, and whether the process ended by itself.
func (c *child) end() (last string, byItself bool) {
	for line := range c.lines {
		c.said = append(c.said, line)
	}
	_ = c.Wait() // the state tells
	if len(c.said) > 0 {
		last = c.said[len(c.said)-1]
	}
	return last, c.ProcessState.Exited()
}

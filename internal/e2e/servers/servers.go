package servers

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// Required is the environment variable that, set to "required", makes a test fail whose server is not installed.
const Required = "CONTACTSYNC_SERVERS"

// leaveOut ends the test because a server is not installed, and says what is not tested.
func leaveOut(tb testing.TB, server string) {
	tb.Helper()
	text := "LEFT OUT: " + server + " is not installed, so nothing is tested against it; .ci/servers installs it"
	if os.Getenv(Required) == "required" {
		tb.Fatal(text)
	}
	tb.Skip(text)
}

// find returns the path of a program: the first of the names that is in PATH or matches a file. It returns "" if none does.
func find(names ...string) string {
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
		if files, err := filepath.Glob(name); err == nil && len(files) > 0 {
			return files[len(files)-1] // of several versions the newest
		}
	}
	return ""
}

// An account is the ordinary user as whom a server runs: the first of the names that the system knows if the test runs
// as root, which servers refuse; else whoever runs the test.
type account struct{ credential *syscall.Credential }

func ordinary(names ...string) (account, error) {
	if os.Geteuid() != 0 {
		return account{}, nil
	}
	for _, name := range names {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.ParseUint(u.Uid, 10, 32)
		if err != nil {
			return account{}, err
		}
		gid, err := strconv.ParseUint(u.Gid, 10, 32)
		return account{&syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}, err
	}
	return account{}, fmt.Errorf("there is none of the users %v to run the server as", names)
}

// folder makes a folder that belongs to the account. It lies where every user can get to, and its path is short enough
// for a socket in it (107 bytes).
func (a account) folder() (string, error) {
	dir, err := os.MkdirTemp("", "contactsync-")
	if err != nil || a.credential == nil {
		return dir, err
	}
	return dir, os.Chown(dir, int(a.credential.Uid), int(a.credential.Gid))
}

// command returns a command that runs as the account in dir.
func (a account) command(dir, program string, args ...string) *exec.Cmd {
	cmd := exec.Command(program, args...)
	cmd.Dir = dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: a.credential, Setpgid: true}
	return cmd
}

// A process is a server that runs. A shell guards it: it stops the server when it is told to, or when the test process
// is gone. The test process holds one end of a pipe, which the system closes whatever it dies of.
type process struct {
	orders io.WriteCloser
	guard  *exec.Cmd
	log    string
}

// guard reads one line: "stop" keeps the folder, the end of the pipe removes it. $1 is the folder, $2 the signal that
// stops the server, the rest is its command. A server that has not ended after ten seconds is killed; so is, in the end, what
// is left of the process group, the guard with it.
const guard = `dir=$1 signal=$2; shift 2
"$@" </dev/null >>"$dir/log" 2>&1 & server=$!
IFS= read -r order
kill -s "$signal" $server
(sleep 10; kill -KILL $server) & late=$!
wait $server
kill $late
[ "$order" = stop ] || rm -rf "$dir"
kill -KILL 0`

// start runs a server as the account, in dir, until it is stopped by the signal ("TERM", "QUIT", ...). What it prints goes
// into the file log in dir.
func (a account) start(dir, signal, program string, args ...string) (*process, error) {
	cmd := a.command(dir, "/bin/sh", append([]string{"-c", guard, "guard", dir, signal, program}, args...)...)
	orders, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return &process{orders, cmd, filepath.Join(dir, "log")}, nil
}

// stop stops the server and returns when it has ended. Its folder stays, so that it can be started again.
func (p *process) stop() {
	_, _ = io.WriteString(p.orders, "stop\n") // no guard, no server
	_ = p.guard.Wait()                        // it kills itself
}

// remove stops the server and removes its folder.
func (p *process) remove() {
	p.orders.Close()
	_ = p.guard.Wait()
}

// wait asks until the server answers: a busy machine may take more than a minute to start one. Its error ends with what the server printed.
func (p *process) wait(answers func() error) error {
	var err error
	for deadline := time.Now().Add(2 * time.Minute); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if err = answers(); err == nil {
			return nil
		}
	}
	text, readErr := os.ReadFile(p.log)
	return errors.Join(err, readErr, fmt.Errorf("the server printed: %s", bytes.TrimSpace(text)))
}

// freeAddress returns an address on loopback that is free now: "127.0.0.1:1234". Another program may take it before the
// server does, so whoever starts one there tries again with another.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

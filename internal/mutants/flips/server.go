package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// A server is one process of compiled tests that waits for what to flip and what to run.
type server struct {
	cmd     *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Reader
	names   []string // of its units
	answers *os.File
}

// serve starts the tests of a suite, with one place flipped from the start, or 0.
func serve(ctx context.Context, s *suite, site int) (*server, error) {
	read, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer write.Close()
	// The shell bounds the memory of a flip that never ends.
	cmd := exec.CommandContext(ctx, "sh", "-c", `ulimit -v 8000000; exec "$@"`, "sh", s.binary, "-test.timeout", "0", "-test.short")
	cmd.Dir, cmd.Env, cmd.ExtraFiles = s.dir, append(os.Environ(), "FLIP="+strconv.Itoa(site)), []*os.File{write}
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	sv := &server{cmd: cmd, in: in, out: bufio.NewReader(read), answers: read}
	line, err := sv.line()
	n, errNumber := strconv.Atoi(line)
	for ; err == nil && n > 0; n-- {
		line, err = sv.line()
		sv.names = append(sv.names, line)
	}
	if err := errors.Join(err, errNumber); err != nil {
		sv.stop()
		return nil, fmt.Errorf("the instrumented tests of %s do not start: %w", s.dir, err)
	}
	return sv, nil
}

func (sv *server) line() (string, error) {
	line, err := sv.out.ReadString('\n')
	return strings.TrimSuffix(line, "\n"), err
}

// stop ends the process, and returns how it ended if it had ended by itself.
func (sv *server) stop() error {
	_ = sv.in.Close()
	err := sv.cmd.Wait()
	_ = sv.answers.Close()
	return err
}

// reach runs one unit with nothing flipped.
func (sv *server) reach(unit int) (ok bool, took time.Duration, sites map[int]bool, err error) {
	if _, err := fmt.Fprintln(sv.in, "reach", unit); err != nil {
		return false, 0, nil, err
	}
	line, err := sv.line()
	words := strings.Fields(line)
	if err != nil || len(words) < 2 {
		return false, 0, nil, errors.Join(err, io.ErrUnexpectedEOF)
	}
	micros, err := strconv.Atoi(words[1])
	sites = map[int]bool{}
	for _, word := range words[2:] {
		n, errNumber := strconv.Atoi(word)
		err = errors.Join(err, errNumber)
		sites[n] = true
	}
	return words[0] == "true", time.Duration(micros) * time.Microsecond, sites, err
}

// flip runs units with a place flipped, one after the other until one fails, and returns its number, -1 for none. It
// returns an error if the process dies of it, or does not come to an end.
func (sv *server) flip(site int, limit time.Duration, units []int) (int, error) {
	if _, err := fmt.Fprintln(sv.in, "flip", site, limit.Milliseconds(), strings.Trim(fmt.Sprint(units), "[]")); err != nil {
		return 0, err
	}
	line, err := sv.line()
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(line)
}

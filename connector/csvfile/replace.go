package csvfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

// errMoved says that the file no longer holds what was read, or that somebody else is about to replace it.
var errMoved = errors.New("the file was changed meanwhile")

// readFile returns the content of a regular file of bounded size. It fails with errMoved if somebody writes to the
// file just then.
func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a file", path)
	}
	if info.Size() > maxFile {
		return nil, fmt.Errorf("%s is larger than %d MiB", path, maxFile>>20)
	}
	buf := bytes.NewBuffer(make([]byte, 0, info.Size()+bytes.MinRead))
	if _, err = buf.ReadFrom(io.LimitReader(f, maxFile+1)); err != nil {
		return nil, err
	}
	after, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if int64(buf.Len()) != info.Size() || !after.ModTime().Equal(info.ModTime()) {
		return nil, errMoved // half of it would look as if rows were gone
	}
	return buf.Bytes(), nil
}

// replaceFile puts content in the place of the file, if the file still holds old; else it fails with errMoved. The
// new file is complete on disk before it takes the name, so that a crash leaves the one or the other. A symbolic
// link stays, and what it points to is replaced. done says that the new content is in place, whatever the error.
func replaceFile(path string, old, content []byte) (done bool, err error) {
	target, err := filepath.EvalSymlinks(path)
	if err != nil {
		return false, err
	}
	mode, err := writableMode(target)
	if err != nil {
		return false, err
	}
	tmp, err := writeBeside(target, content, mode)
	if err != nil {
		return false, err
	}
	now, err := readFile(target)
	if err == nil && !bytes.Equal(now, old) {
		err = errMoved
	}
	if err == nil {
		err = os.Rename(tmp, target)
	}
	if err != nil {
		os.Remove(tmp)
		return false, err
	}
	return true, syncFolder(filepath.Dir(target))
}

// writableMode returns the mode of the file, and an error if the file may not be written: renaming over it would
// pass over its protection.
func writableMode(target string) (os.FileMode, error) {
	f, err := os.OpenFile(target, os.O_WRONLY, 0)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Mode().Perm(), nil
}

// writeBeside writes content to a new file in the folder of target, down to the disk, and returns its name. The name
// is always the same: while the file is there, nobody else who uses this package replaces the target.
func writeBeside(target string, content []byte, mode os.FileMode) (string, error) {
	name := filepath.Join(filepath.Dir(target), "."+filepath.Base(target)+".contactsync.tmp")
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if errors.Is(err, fs.ErrExist) && isAbandoned(name) {
		os.Remove(name)
		f, err = os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	}
	if errors.Is(err, fs.ErrExist) {
		return "", errMoved
	}
	if err != nil {
		return "", err
	}
	_, err = f.Write(content)
	if err == nil {
		err = f.Chmod(mode) // whatever the umask took away
	}
	if err == nil {
		err = f.Sync()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		os.Remove(name)
		return "", err
	}
	return name, nil
}

// isAbandoned reports whether the new file that somebody wrote was left behind by a crash: nothing was written to it
// for a minute.
func isAbandoned(name string) bool {
	info, err := os.Stat(name)
	return err == nil && time.Since(info.ModTime()) > time.Minute
}

// syncFolder makes a rename in the folder durable, where the system can.
func syncFolder(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}

//go:build unix

package vcard

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// statOf returns what tells a file from another one, and from itself at another time.
func statOf(info fs.FileInfo) stat {
	s := stat{size: info.Size(), mtime: info.ModTime().UnixNano()}
	if sys, ok := info.Sys().(*syscall.Stat_t); ok {
		s.inode = uint64(sys.Ino)
	}
	return s
}

// openFile is os.OpenFile for a file that is read or written once: it is not offered to the poller of the network, which
// refuses regular files, at the cost of as many system calls as reading a card takes.
func openFile(path string, flag int, mode fs.FileMode) (*os.File, error) {
	for {
		fd, err := syscall.Open(path, flag|syscall.O_CLOEXEC, uint32(mode.Perm()))
		switch {
		case err == nil:
			return os.NewFile(uintptr(fd), path), nil
		case !errors.Is(err, syscall.EINTR):
			return nil, &fs.PathError{Op: "open", Path: path, Err: err}
		}
	}
}

// rename is os.Rename, which looks first whether the target is a folder.
func rename(from, to string) error {
	for {
		switch err := syscall.Rename(from, to); {
		case err == nil:
			return nil
		case !errors.Is(err, syscall.EINTR):
			return &os.LinkError{Op: "rename", Old: from, New: to, Err: err}
		}
	}
}

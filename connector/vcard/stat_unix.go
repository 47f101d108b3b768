//go:build unix

package vcard

import (
	"io/fs"
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

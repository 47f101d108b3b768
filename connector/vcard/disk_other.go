//go:build !unix

package vcard

import (
	"io/fs"
	"os"
)

// statOf returns what tells a file from itself at another time; these systems tell no inode cheaply.
func statOf(info fs.FileInfo) stat {
	return stat{size: info.Size(), mtime: info.ModTime().UnixNano()}
}

func openFile(path string, flag int, mode fs.FileMode) (*os.File, error) {
	return os.OpenFile(path, flag, mode)
}

func rename(from, to string) error { return os.Rename(from, to) }

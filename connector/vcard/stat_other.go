//go:build !unix

package vcard

import "io/fs"

// statOf returns what tells a file from itself at another time; these systems tell no inode cheaply.
func statOf(info fs.FileInfo) stat {
	return stat{size: info.Size(), mtime: info.ModTime().UnixNano()}
}

//go:build !race

package contactsync_test

const raced = false

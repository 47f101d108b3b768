package auth

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"strings"
)

// A Key is one key of a [KeyRing]: 32 random bytes, and the name by which sealed values know it.
type Key struct {
	ID     string // 1 to 32 lower-case letters, digits, hyphens, underscores and dots
	Secret Secret // the bytes, as they are
}

const keySize = 32

var keyName = regexp.MustCompile(`^[a-z0-9._-]{1,32}$`)

// NewKey returns a random key of that name.
func NewKey(id string) (Key, error) {
	raw := make([]byte, keySize)
	_, _ = rand.Read(raw) // never fails
	k := Key{id, NewSecret(string(raw))}
	return k, k.check()
}

func (k Key) check() error {
	if !keyName.MatchString(k.ID) {
		return errors.New("the name of a key is 1 to 32 lower-case letters, digits, hyphens, underscores and dots")
	}
	if len(k.Secret.Reveal()) != keySize {
		return fmt.Errorf("key %s: a key has 32 bytes; make one with: openssl rand -base64 32", k.ID)
	}
	return nil
}

// Reveal returns the key as [ParseKeys] reads it: "name:base64".
func (k Key) Reveal() string {
	return k.ID + ":" + base64.StdEncoding.EncodeToString([]byte(k.Secret.Reveal()))
}

// ParseKeys returns the keys of a text: each "name:base64", with spaces, commas or line ends between them; a line that
// begins with # is a comment. No error shows a key.
func ParseKeys(text string) ([]Key, error) {
	var keys []Key
	for line := range strings.Lines(text) {
		if strings.HasPrefix(strings.TrimSpace(line), "#") {
			continue
		}
		for _, one := range strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(" ,\t\r\n", r) }) {
			id, encoded, _ := strings.Cut(one, ":")
			raw, err := base64.StdEncoding.DecodeString(encoded)
			if err != nil || !keyName.MatchString(id) {
				return nil, fmt.Errorf("key %d is not name:base64, as in 2026a:... with 32 bytes", len(keys)+1)
			}
			k := Key{id, NewSecret(string(raw))}
			if err := k.check(); err != nil {
				return nil, err
			}
			keys = append(keys, k)
		}
	}
	if len(keys) == 0 {
		return nil, ErrNoKey
	}
	return keys, nil
}

// KeysFromEnv returns the keys of an environment variable; [ErrNoKey] if it is not set or empty.
func KeysFromEnv(name string) ([]Key, error) {
	keys, err := ParseKeys(os.Getenv(name))
	if err != nil {
		return nil, fmt.Errorf("environment variable %s: %w", name, err)
	}
	return keys, nil
}

// KeysFromFile returns the keys of a file, which nobody but its owner may read.
func KeysFromFile(path string) ([]Key, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("keys: %w", err)
	}
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("keys: %s can be read by others: chmod 600 it, and think about new keys", path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("keys: %w", err)
	}
	keys, err := ParseKeys(string(text))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return keys, nil
}

package auth

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"sync"
)

// A KeyRing is a [Sealer] with keys that the host holds. It seals by envelope: each value is encrypted with a data key
// (AES-256-GCM, random 96-bit nonces) that is encrypted in turn with the first of the ring's keys and stored in front
// of the value. A data key lives as long as its KeyRing and for 2^32 values at most (NIST SP 800-38D section 8.3); then
// there is a new one. So the keys of the ring encrypt one data key for each start of a program.
//
// # Rotation
//
// Add a new key at the end and roll that out; move it to the front and roll that out; call [Accounts.Reseal] for every
// owner; take the old one away. At no time is there a value that a program cannot open.
type KeyRing struct {
	keys  []ringKey
	limit uint64 // values of one data key

	mu   sync.Mutex
	data dataKey // the one that seals
}

type ringKey struct {
	id   string
	aead cipher.AEAD
}

// dataKey encrypts values; wrapped is how it is stored with them.
type dataKey struct {
	aead    cipher.AEAD
	wrapped []byte
	used    uint64
}

// NewKeyRing returns a KeyRing of these keys. The first seals, all of them open. It fails with [ErrNoKey] without one.
func NewKeyRing(keys ...Key) (*KeyRing, error) {
	if len(keys) == 0 {
		return nil, ErrNoKey
	}
	r := &KeyRing{limit: 1 << 32}
	for _, k := range keys {
		if err := k.check(); err != nil {
			return nil, err
		}
		if r.key(k.ID) != nil {
			return nil, fmt.Errorf("two keys are called %s: give each a name of its own", k.ID)
		}
		aead, err := newAEAD([]byte(k.Secret.Reveal()))
		if err != nil {
			return nil, err
		}
		r.keys = append(r.keys, ringKey{k.ID, aead})
	}
	return r, nil
}

// newAEAD returns AES-256-GCM that begins each message with a random nonce.
func newAEAD(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("key: %w", err)
	}
	return cipher.NewGCMWithRandomNonce(block)
}

func (r *KeyRing) key(id string) cipher.AEAD {
	for _, k := range r.keys {
		if k.id == id {
			return k.aead
		}
	}
	return nil
}

// A sealed value is a format byte, the length of the key's id, the id, the wrapped data key, and the message. Wrapped
// and message each begin with their nonce and end with their tag.
const (
	sealedFormat = 1
	nonceSize    = 12
	tagSize      = 16
	wrappedSize  = nonceSize + keySize + tagSize
)

// Seal implements Sealer.
func (r *KeyRing) Seal(_ context.Context, plain []byte, at Place) ([]byte, error) {
	if r == nil || len(r.keys) == 0 {
		return nil, ErrNoKey
	}
	data, err := r.current()
	if err != nil {
		return nil, err
	}
	id := r.keys[0].id
	sealed := append([]byte{sealedFormat, byte(len(id))}, id...)
	sealed = append(sealed, data.wrapped...)
	return data.aead.Seal(sealed, nil, plain, additional(at, id)), nil
}

// current returns the data key to seal one more value with.
func (r *KeyRing) current() (dataKey, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.data.aead == nil || r.data.used >= r.limit {
		raw := make([]byte, keySize)
		_, _ = rand.Read(raw) // never fails: crypto/rand ends the program instead
		aead, err := newAEAD(raw)
		if err != nil {
			return dataKey{}, err
		}
		first := r.keys[0]
		r.data = dataKey{aead: aead, wrapped: first.aead.Seal(nil, nil, raw, wrapping(first.id))}
	}
	r.data.used++
	return r.data, nil
}

// Open implements Sealer.
func (r *KeyRing) Open(_ context.Context, sealed []byte, at Place) ([]byte, error) {
	id, rest, ok := split(sealed)
	if r == nil || !ok {
		return nil, ErrSealed
	}
	key := r.key(id)
	if key == nil {
		return nil, fmt.Errorf("%w: there is no key %s", ErrSealed, id)
	}
	raw, err := key.Open(nil, nil, rest[:wrappedSize], wrapping(id))
	if err != nil {
		return nil, fmt.Errorf("%w: the key %s is another one", ErrSealed, id)
	}
	data, err := newAEAD(raw)
	if err != nil {
		return nil, err
	}
	plain, err := data.Open(nil, nil, rest[wrappedSize:], additional(at, id))
	if err != nil {
		return nil, ErrSealed
	}
	return plain, nil
}

// Stale implements Sealer.
func (r *KeyRing) Stale(sealed []byte) bool {
	id, _, ok := split(sealed)
	return !ok || r == nil || len(r.keys) == 0 || id != r.keys[0].id
}

// split returns the id of the key that sealed a value, and what is behind it.
func split(sealed []byte) (id string, rest []byte, ok bool) {
	if len(sealed) < 2 || sealed[0] != sealedFormat {
		return "", nil, false
	}
	n := 2 + int(sealed[1])
	if len(sealed) < n+wrappedSize+nonceSize+tagSize {
		return "", nil, false
	}
	return checkedID(sealed[2:n]), sealed[n:], true
}

// checkedID returns an id that may stand in a message.
func checkedID(raw []byte) string {
	if !keyName.Match(raw) {
		return "?"
	}
	return string(raw)
}

// additional returns what a message is bound to: its place and its key. Each part is preceded by its length, so that no
// two places look alike.
func additional(at Place, key string) []byte {
	return join("contactsync value", at.Owner, at.Row, at.Column, key)
}

func wrapping(key string) []byte { return join("contactsync data key", key) }

func join(parts ...string) []byte {
	var all []byte
	for _, p := range parts {
		all = binary.BigEndian.AppendUint32(all, uint32(len(p)))
		all = append(all, p...)
	}
	return all
}

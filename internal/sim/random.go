package sim

import (
	"encoding/binary"
	"hash/fnv"
	"math/rand/v2"
)

// A stream is a source of draws. Each part of a simulation has its own, so that a draw more in one place shifts none of
// another.
type stream struct{ *rand.Rand }

// newStream returns the stream of a seed and a part's name.
func newStream(seed uint64, part string) stream {
	h := fnv.New64a()
	_, _ = h.Write([]byte(part))
	return stream{rand.New(rand.NewPCG(seed, h.Sum64()))}
}

// oneIn is true once in n draws.
func (s stream) oneIn(n int) bool { return s.IntN(n) == 0 }

// pick returns one of the choices.
func pick[T any](s stream, choices ...T) T { return choices[s.IntN(len(choices))] }

// Read fills b, as what a sync draws at random.
func (s stream) Read(b []byte) (int, error) {
	var word [8]byte
	for i := range b {
		if i%8 == 0 {
			binary.LittleEndian.PutUint64(word[:], s.Uint64())
		}
		b[i] = word[i%8]
	}
	return len(b), nil
}

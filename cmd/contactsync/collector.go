package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// heapRoom is how large the heap may grow before garbage is collected, in bytes; where more is in use, by a quarter of that.
const heapRoom = 64 << 20

// tuneCollector sets how much garbage may gather, now and after every collection. A sync of a small book makes a lot and
// keeps little: by Go's own setting, as much garbage as is in use, it would be collected a hundred times. A large book is
// kept from taking twice the memory that it needs. Whoever sets GOGC decides.
func tuneCollector() {
	if os.Getenv("GOGC") == "" {
		giveRoom()
	}
}

// giveRoom sets the room by what is in use, and again when that is next known: once what it leaves behind was collected.
func giveRoom() {
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	inUse := max(int64(live[0].Value.Uint64()), 4<<20) // Go scales the heap's least size, 4 MB, by the same percentage
	debug.SetGCPercent(int(100 * max(heapRoom-inUse, inUse/4) / inUse))
	runtime.AddCleanup(&struct{ self *int }{new(int)}, func(struct{}) { giveRoom() }, struct{}{})
}

package main

import (
	"os"
	"runtime/debug"
	"runtime/metrics"
)

// heapRoom is how large the heap may grow before garbage is collected, in bytes; where more is in use, half as much again.
const heapRoom = 96 << 20

// giveRoom sets how much garbage may gather. A first sync of a small book makes a lot and keeps little: by Go's own
// setting, as much garbage as is in use, it would be collected a hundred times. A large book is kept from taking twice
// the memory that it needs. Whoever sets GOGC decides.
func giveRoom() {
	if os.Getenv("GOGC") != "" {
		return
	}
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	inUse := max(live[0].Value.Uint64(), 1<<20)
	percent := int(100 * max(heapRoom-int64(inUse), int64(inUse/2)) / int64(inUse))
	if percent = min(percent, 400); percent != lastPercent {
		lastPercent = percent
		debug.SetGCPercent(percent)
	}
}

var lastPercent int // the one that giveRoom has set; it belongs to the process, as the setting does

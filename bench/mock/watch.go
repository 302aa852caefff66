package main

// When does a gateway let go of the provider? With "watch" on, a stream's connection is also read from, and the moment at
// which it ends is kept under the stream-id that stands in the request's text. A watched connection serves one stream.

import (
	"bytes"
	"encoding/json"
	"sync"
	"time"
)

var (
	closedMu sync.Mutex
	closedAt = map[string]int64{} // stream-id -> Unix nanoseconds
)

func streamID(request []byte) string {
	mark := []byte("stream-id:")
	i := bytes.Index(request, mark)
	if i < 0 || i+len(mark)+6 > len(request) {
		return ""
	}
	return string(request[i+len(mark) : i+len(mark)+6])
}

func (k *conn) watch(id string) {
	go func() {
		var b [1]byte
		k.c.Read(b[:]) // nothing comes on a connection with a stream under way, but its end
		now := time.Now().UnixNano()
		closedMu.Lock()
		closedAt[id] = now
		closedMu.Unlock()
		k.c.Close()
	}()
}

func forgetClosed() {
	closedMu.Lock()
	closedAt = map[string]int64{}
	closedMu.Unlock()
}

func closedTimes() []byte {
	closedMu.Lock()
	defer closedMu.Unlock()
	out, _ := json.Marshal(closedAt)
	return out
}

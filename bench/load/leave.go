package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log"
	"net"
	"os"
	"sync"
	"time"
)

// leave opens n streams, each with its own stream-id in the request, waits for the first content of all, hangs up on them one
// after the other without pause and prints {"left": {id: Unix nanoseconds}, "bad": streams that never began}.
func leave(addr string, req []byte, n int, limit time.Duration) {
	mark := []byte("stream-id:000000")
	if !bytes.Contains(req, mark) {
		log.Fatal("the body holds no stream-id:000000")
	}
	conns := make([]net.Conn, n)
	end := time.Now().Add(limit)
	var wg sync.WaitGroup
	for i := range conns {
		wg.Add(1)
		go func(i int) {
			defer wg.Done()
			k := &cli{addr: addr, from: net.IPv4(127, 0, 0, 1)}
			if k.dial() != nil {
				return
			}
			k.c.SetDeadline(end)
			k.c.Write(bytes.Replace(req, mark, []byte(fmt.Sprintf("stream-id:%06d", i)), 1))
			h, err := k.readHead()
			if err != nil || h.status != 200 {
				k.drop()
				return
			}
			for { // up to the first piece of content, wherever the reads cut it
				line, err := k.br.ReadSlice('\n')
				if err != nil {
					k.drop()
					return
				}
				if bytes.Contains(line, []byte(`"content":"`)) && !bytes.Contains(line, []byte(`"content":""`)) {
					break
				}
			}
			conns[i] = k.c
		}(i)
	}
	wg.Wait()
	time.Sleep(200 * time.Millisecond)
	left, bad := map[string]int64{}, 0
	for i, c := range conns {
		if c == nil {
			bad++
			continue
		}
		left[fmt.Sprintf("%06d", i)] = time.Now().UnixNano()
		c.Close()
	}
	json.NewEncoder(os.Stdout).Encode(map[string]any{"left": left, "bad": bad})
}

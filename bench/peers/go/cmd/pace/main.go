// A load at a fixed rate: GETs evenly spaced in time, on connections in turn, so that what a request costs can be held against how many
// connections there are and nothing else. h2load keeps a clock for each connection, and those of a thousand go off together.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"runtime"
	"sort"
	"sync"
	"syscall"
	"time"
)

type connection struct {
	socket net.Conn
	in     *bufio.Reader
	// due holds the moment a request was due at; the connection sends it when it has the answer to the one before.
	due chan time.Time
}

type tally struct {
	sync.Mutex
	micros []float64
	errors int
}

func main() {
	at := flag.String("url", "", "what to GET, over HTTP/1.1")
	count := flag.Int("connections", 1, "connections, kept open")
	rate := flag.Float64("rate", 1000, "requests a second, all connections together")
	seconds := flag.Float64("seconds", 3, "how long")
	flag.Parse()
	target, err := url.Parse(*at)
	if err != nil || target.Host == "" {
		log.Fatalf("-url must be http://host:port/path, not %q", *at)
	}
	request := []byte("GET " + target.RequestURI() + " HTTP/1.1\r\nHost: " + target.Host + "\r\n\r\n")
	var seen tally
	var running sync.WaitGroup
	connections := make([]*connection, *count)
	for i := range connections {
		socket, err := net.Dial("tcp", target.Host)
		if err != nil {
			log.Fatal(err)
		}
		c := &connection{socket: socket, in: bufio.NewReader(socket), due: make(chan time.Time, 1)}
		connections[i] = c
		running.Go(func() { c.serve(request, &seen) })
	}
	total := int(*rate * *seconds)
	started := time.Now()
	pace(total, time.Duration(float64(time.Second) / *rate), func(i int, due time.Time) {
		connections[i%len(connections)].due <- due
	})
	for _, c := range connections {
		close(c.due)
	}
	running.Wait()
	sort.Float64s(seen.micros)
	fmt.Printf("%d requests, %d errors in %.3fs, 50%% %.0fus, 99%% %.0fus\n",
		len(seen.micros), seen.errors, time.Since(started).Seconds(), seen.percentile(50), seen.percentile(99))
}

// pace calls send at each moment that a request is due. It sleeps in the kernel: Go's own timers go off to the millisecond.
func pace(total int, interval time.Duration, send func(i int, due time.Time)) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	started := time.Now()
	for i := range total {
		due := started.Add(time.Duration(i) * interval)
		for wait := time.Until(due); wait > 0; wait = time.Until(due) {
			rest := syscall.NsecToTimespec(int64(wait))
			_ = syscall.Nanosleep(&rest, nil)
		}
		send(i, due)
	}
}

func (c *connection) serve(request []byte, seen *tally) {
	defer c.socket.Close()
	for due := range c.due {
		err := c.ask(request)
		micros := float64(time.Since(due).Nanoseconds()) / 1000
		seen.Lock()
		if err != nil {
			seen.errors++
		} else {
			seen.micros = append(seen.micros, micros)
		}
		seen.Unlock()
	}
}

func (c *connection) ask(request []byte) error {
	if _, err := c.socket.Write(request); err != nil {
		return err
	}
	response, err := http.ReadResponse(c.in, nil)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("status %d", response.StatusCode)
	}
	return nil
}

func (t *tally) percentile(of int) float64 {
	if len(t.micros) == 0 {
		return 0
	}
	return t.micros[len(t.micros)*of/100]
}

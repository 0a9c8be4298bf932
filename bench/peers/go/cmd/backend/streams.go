package main

import (
	"encoding/binary"
	"strings"

	ticks "bench/gen/stream"

	"google.golang.org/protobuf/proto"
)

// kind is what is done with a call.
type kind int

const (
	unary kind = iota
	// watch answers once, then the call stays open.
	watch
	flood
	hold
	echoAll
)

func kindOf(path string) kind {
	switch {
	case strings.HasSuffix(path, "/WatchItem"):
		return watch
	case path == "/bench.stream.v1.Streams/Flood":
		return flood
	case path == "/bench.stream.v1.Streams/Hold":
		return hold
	case path == "/bench.stream.v1.Streams/Echo":
		return echoAll
	}
	return unary
}

// tick is the tick with the sequence 0, which makes the bytes 1 to 4 of it.
var tick = append([]byte{1<<3 | 5, 0, 0, 0, 0}, mustMarshal(&ticks.Tick{
	Symbol:   "instruments/sluice",
	Price:    1487.25,
	Bid:      1487,
	Ask:      1487.5,
	Volume:   98213,
	AtMicros: 1795000000000000,
	Side:     ticks.Side_SIDE_SELL,
	Venue:    "Frankfurt",
	Flags:    []string{"open", "auction"},
})...)

func numbered(tick []byte, sequence uint32) { binary.LittleEndian.PutUint32(tick[1:], sequence) }

// ticksOf is how many ticks a request asks for: one for Hold, endless when a flood has no count.
func ticksOf(kind kind, request []byte) (count uint32, isEndless bool) {
	if kind == hold {
		return 1, false
	}
	message := &ticks.FloodRequest{}
	if proto.Unmarshal(request, message) != nil {
		return 0, false
	}
	return message.Count, message.Count == 0
}

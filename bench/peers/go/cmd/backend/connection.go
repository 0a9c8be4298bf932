package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
	"log"
	"net"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

const ourStreamWindow = 4 << 20
const ourConnectionWindow = 64 << 20

// stream is one call: its request as far as it came, then its reply as far as it could not go yet.
type stream struct {
	path    string
	kind    kind
	request []byte
	reply   []byte
	started bool
	window  int64
	// hasEnd: the caller will send nothing more.
	hasEnd bool
	// echoed counts the bytes of an echo's window that are to be given back.
	echoed uint32
	// next is the tick that follows in a flood, framed; sequence that of the one before.
	next      []byte
	sequence  uint32
	last      uint32
	isEndless bool
}

// connection answers calls in the goroutine that reads their frames: one write for all that one read brought.
type connection struct {
	framer        *http2.Framer
	out           *bufio.Writer
	streams       map[uint32]*stream
	blocked       map[uint32]*stream
	window        int64
	initialWindow int64
	maxFrame      int64
	received      int64
	block         bytes.Buffer
	encoder       *hpack.Encoder
}

func serveConnection(socket net.Conn) {
	defer socket.Close()
	in := bufio.NewReaderSize(socket, 64<<10)
	preface := make([]byte, len(http2.ClientPreface))
	if _, err := io.ReadFull(in, preface); err != nil || string(preface) != http2.ClientPreface {
		return
	}
	c := &connection{
		out:           bufio.NewWriterSize(socket, 64<<10),
		streams:       map[uint32]*stream{},
		blocked:       map[uint32]*stream{},
		window:        65535,
		initialWindow: 65535,
		maxFrame:      16384,
	}
	c.framer = http2.NewFramer(c.out, in)
	c.framer.SetReuseFrames()
	c.framer.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	c.encoder = hpack.NewEncoder(&c.block)
	c.framer.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: ourStreamWindow})
	c.framer.WriteWindowUpdate(0, ourConnectionWindow-65535)
	for {
		frame, err := c.framer.ReadFrame()
		if err != nil {
			if err != io.EOF && !isReset(err) {
				log.Print(err)
			}
			return
		}
		c.take(frame)
		if in.Buffered() == 0 {
			if c.out.Flush() != nil {
				return
			}
		}
	}
}

func isReset(err error) bool {
	_, is := err.(net.Error)
	return is || err == io.ErrUnexpectedEOF
}

func (c *connection) take(frame http2.Frame) {
	switch frame := frame.(type) {
	case *http2.MetaHeadersFrame:
		s := &stream{path: frame.PseudoValue("path"), window: c.initialWindow}
		s.kind = kindOf(s.path)
		c.streams[frame.StreamID] = s
		if s.kind == echoAll {
			c.writeHead(frame.StreamID)
		}
		if frame.StreamEnded() {
			c.reply(frame.StreamID, s)
		}
	case *http2.DataFrame:
		c.takeData(frame)
	case *http2.SettingsFrame:
		c.takeSettings(frame)
	case *http2.WindowUpdateFrame:
		c.takeWindow(frame)
	case *http2.PingFrame:
		if !frame.IsAck() {
			c.framer.WritePing(true, frame.Data)
		}
	case *http2.RSTStreamFrame:
		delete(c.streams, frame.StreamID)
		delete(c.blocked, frame.StreamID)
	}
}

func (c *connection) takeData(frame *http2.DataFrame) {
	if c.received += int64(frame.Length); c.received >= ourConnectionWindow/2 {
		c.framer.WriteWindowUpdate(0, uint32(c.received))
		c.received = 0
	}
	s := c.streams[frame.StreamID]
	if s == nil {
		return
	}
	if s.kind == echoAll {
		c.echo(frame, s)
		return
	}
	s.request = append(s.request, frame.Data()...)
	// Nobody sends more than a stream's first window in one message of this bench but for the largest; those get it back.
	if frame.Length > 0 && len(s.request) > ourStreamWindow/2 {
		c.framer.WriteWindowUpdate(frame.StreamID, frame.Length)
	}
	if frame.StreamEnded() || (s.kind == watch && !s.started && len(s.request) >= 5) {
		c.reply(frame.StreamID, s)
	}
}

// echo sends back what came, its frames of gRPC and all.
func (c *connection) echo(frame *http2.DataFrame, s *stream) {
	s.reply = append(s.reply, frame.Data()...)
	s.hasEnd = frame.StreamEnded()
	if s.echoed += frame.Length; s.echoed >= ourStreamWindow/2 && !s.hasEnd {
		c.framer.WriteWindowUpdate(frame.StreamID, s.echoed)
		s.echoed = 0
	}
	c.send(frame.StreamID, s)
}

func (c *connection) takeSettings(frame *http2.SettingsFrame) {
	if frame.IsAck() {
		return
	}
	if value, has := frame.Value(http2.SettingInitialWindowSize); has {
		for _, s := range c.streams {
			s.window += int64(value) - c.initialWindow
		}
		c.initialWindow = int64(value)
	}
	if value, has := frame.Value(http2.SettingMaxFrameSize); has {
		c.maxFrame = int64(value)
	}
	if value, has := frame.Value(http2.SettingHeaderTableSize); has {
		c.encoder.SetMaxDynamicTableSizeLimit(value)
	}
	c.framer.WriteSettingsAck()
}

func (c *connection) takeWindow(frame *http2.WindowUpdateFrame) {
	if frame.StreamID != 0 {
		if s := c.streams[frame.StreamID]; s != nil {
			s.window += int64(frame.Increment)
			if _, is := c.blocked[frame.StreamID]; is {
				c.send(frame.StreamID, s)
			}
		}
		return
	}
	c.window += int64(frame.Increment)
	for id, s := range c.blocked {
		c.send(id, s)
	}
}

// reply answers a call whose request is whole: the bytes after the five of gRPC's prefix.
func (c *connection) reply(id uint32, s *stream) {
	if s.started {
		return
	}
	s.started = true
	if s.kind == echoAll {
		s.hasEnd = true
		c.send(id, s)
		return
	}
	if len(s.request) < 5 {
		c.framer.WriteRSTStream(id, http2.ErrCodeInternal)
		delete(c.streams, id)
		return
	}
	c.writeHead(id)
	if s.kind == flood || s.kind == hold {
		s.last, s.isEndless = ticksOf(s.kind, s.request[5:])
		s.next = framed(tick)
	} else {
		s.reply = framed(answer(make([]byte, 0, len(s.request)+len(itemRest)), s.path, s.request[5:]))
	}
	s.request = nil
	c.send(id, s)
}

// framed is a copy of the message behind the five bytes of gRPC's prefix.
func framed(message []byte) []byte {
	frame := binary.BigEndian.AppendUint32(make([]byte, 1, 5+len(message)), uint32(len(message)))
	return append(frame, message...)
}

// hasMore takes the next tick of a flood into the reply.
func (s *stream) hasMore() bool {
	if len(s.reply) > 0 {
		return true
	}
	if s.next == nil || (!s.isEndless && s.sequence == s.last) {
		return false
	}
	s.sequence++
	numbered(s.next[5:], s.sequence)
	s.reply = s.next
	return true
}

func (c *connection) send(id uint32, s *stream) {
	for s.hasMore() {
		size := min(int64(len(s.reply)), c.maxFrame, s.window, c.window)
		if size <= 0 {
			c.blocked[id] = s
			return
		}
		c.framer.WriteData(id, false, s.reply[:size])
		s.reply = s.reply[size:]
		s.window -= size
		c.window -= size
	}
	delete(c.blocked, id)
	if s.kind == watch || s.kind == hold || (s.kind == echoAll && !s.hasEnd) {
		return
	}
	c.writeHeaders(id, true, hpack.HeaderField{Name: "grpc-status", Value: "0"})
	delete(c.streams, id)
}

func (c *connection) writeHead(id uint32) {
	c.writeHeaders(id, false, hpack.HeaderField{Name: ":status", Value: "200"},
		hpack.HeaderField{Name: "content-type", Value: "application/grpc"})
}

func (c *connection) writeHeaders(id uint32, isLast bool, fields ...hpack.HeaderField) {
	c.block.Reset()
	for _, field := range fields {
		c.encoder.WriteField(field)
	}
	c.framer.WriteHeaders(http2.HeadersFrameParam{
		StreamID:      id,
		BlockFragment: c.block.Bytes(),
		EndStream:     isLast,
		EndHeaders:    true,
	})
}

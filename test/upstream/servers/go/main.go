// The service of test/upstream/interop-suite.ts on grpc-go, in raw bytes. Prints its port; ends when its input does.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/encoding"
	_ "google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// rawCodec leaves messages as they are.
type rawCodec struct{}

func (rawCodec) Marshal(v any) (mem.BufferSlice, error) {
	return mem.BufferSlice{mem.SliceBuffer(*v.(*[]byte))}, nil
}

func (rawCodec) Unmarshal(data mem.BufferSlice, v any) error {
	*v.(*[]byte) = data.Materialize()
	return nil
}

func (rawCodec) Name() string { return "proto" }

var _ encoding.CodecV2 = rawCodec{}

var cancelled atomic.Int64

func main() {
	cert := flag.String("cert", "", "certificate; with -key, serves TLS")
	key := flag.String("key", "", "key")
	streams := flag.Uint("streams", 0, "most concurrent streams of a connection")
	age := flag.Duration("age", 0, "a connection is drained after this long")
	flag.Parse()

	options := []grpc.ServerOption{
		grpc.ForceServerCodecV2(rawCodec{}),
		grpc.UnknownServiceHandler(serve),
		grpc.MaxRecvMsgSize(64 << 20),
	}
	if *streams > 0 {
		options = append(options, grpc.MaxConcurrentStreams(uint32(*streams)))
	}
	if *age > 0 {
		options = append(options, aging(*age))
	}
	if *cert != "" {
		secure, err := credentials.NewServerTLSFromFile(*cert, *key)
		if err != nil {
			log.Fatal(err)
		}
		options = append(options, grpc.Creds(secure))
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	server := grpc.NewServer(options...)
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	log.Fatal(server.Serve(listener))
}

func serve(_ any, stream grpc.ServerStream) error {
	path, _ := grpc.MethodFromServerStream(stream)
	incoming, _ := metadata.FromIncomingContext(stream.Context())
	switch path {
	case "/t.S/Echo":
		return echo(stream, incoming)
	case "/t.S/Fail":
		return fail(stream)
	case "/t.S/Watch":
		return watch(stream, incoming)
	case "/t.S/Sum":
		return sum(stream)
	case "/t.S/Chat":
		return chat(stream)
	case "/t.S/Hang":
		return hang(stream)
	case "/t.S/Cancelled":
		return answer(stream, func([]byte) string { return strconv.FormatInt(cancelled.Load(), 10) })
	case "/t.S/Left":
		return answer(stream, func([]byte) string { return left(stream.Context()) })
	case "/t.S/Big":
		return big(stream)
	}
	return status.Errorf(codes.Unimplemented, "unknown method %s", path)
}

// echo sends the message back, `x-echo` and `x-raw-bin` as headers and trailers; compressed when `x-compress` asks for it.
func echo(stream grpc.ServerStream, incoming metadata.MD) error {
	var message []byte
	if err := stream.RecvMsg(&message); err != nil {
		return err
	}
	if compress := incoming.Get("x-compress"); len(compress) > 0 {
		if err := grpc.SetSendCompressor(stream.Context(), compress[0]); err != nil {
			return err
		}
	}
	back := metadata.MD{}
	for _, name := range []string{"x-echo", "x-raw-bin"} {
		if values := incoming.Get(name); len(values) > 0 {
			back[name] = values
		}
	}
	if err := stream.SetHeader(back); err != nil {
		return err
	}
	stream.SetTrailer(back)
	return stream.SendMsg(&message)
}

// fail ends with the status of the message: "CODE text".
func fail(stream grpc.ServerStream) error {
	var message []byte
	if err := stream.RecvMsg(&message); err != nil {
		return err
	}
	code, text, _ := strings.Cut(string(message), " ")
	number, _ := strconv.Atoi(code)
	stream.SetTrailer(metadata.Pairs("x-why", "because"))
	return status.Error(codes.Code(number), text)
}

// watch sends "COUNT SIZE CODE": so many messages of such a size, then that status.
func watch(stream grpc.ServerStream, incoming metadata.MD) error {
	var message []byte
	if err := stream.RecvMsg(&message); err != nil {
		return err
	}
	if compress := incoming.Get("x-compress"); len(compress) > 0 {
		if err := grpc.SetSendCompressor(stream.Context(), compress[0]); err != nil {
			return err
		}
	}
	var count, size, code int
	if _, err := fmt.Sscan(string(message), &count, &size, &code); err != nil {
		return status.Error(codes.InvalidArgument, err.Error())
	}
	for i := range count {
		next := make([]byte, size)
		if size > 0 {
			next[0] = byte(i)
		}
		if err := stream.SendMsg(&next); err != nil {
			return err
		}
	}
	stream.SetTrailer(metadata.Pairs("x-count", strconv.Itoa(count)))
	if code != 0 {
		return status.Error(codes.Code(code), "enough")
	}
	return nil
}

// sum answers "COUNT BYTES" of what it was sent.
func sum(stream grpc.ServerStream) error {
	count, size := 0, 0
	for {
		var message []byte
		err := stream.RecvMsg(&message)
		if err == io.EOF {
			answer := []byte(fmt.Sprintf("%d %d", count, size))
			return stream.SendMsg(&answer)
		}
		if err != nil {
			return err
		}
		count++
		size += len(message)
	}
}

func chat(stream grpc.ServerStream) error {
	for {
		var message []byte
		err := stream.RecvMsg(&message)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if err := stream.SendMsg(&message); err != nil {
			return err
		}
	}
}

// hang sends headers, then waits until the client is gone.
func hang(stream grpc.ServerStream) error {
	if err := stream.SendHeader(metadata.Pairs("x-early", "1")); err != nil {
		return err
	}
	<-stream.Context().Done()
	cancelled.Add(1)
	return stream.Context().Err()
}

func left(ctx context.Context) string {
	deadline, ok := ctx.Deadline()
	if !ok {
		return "none"
	}
	return strconv.FormatInt(time.Until(deadline).Milliseconds(), 10)
}

func answer(stream grpc.ServerStream, say func([]byte) string) error {
	var message []byte
	if err := stream.RecvMsg(&message); err != nil {
		return err
	}
	said := []byte(say(message))
	return stream.SendMsg(&said)
}

// big answers as many bytes as the message says.
func big(stream grpc.ServerStream) error {
	var message []byte
	if err := stream.RecvMsg(&message); err != nil {
		return err
	}
	size, err := strconv.Atoi(string(message))
	if err != nil {
		return status.Error(codes.InvalidArgument, err.Error())
	}
	reply := make([]byte, size)
	return stream.SendMsg(&reply)
}

package main

import (
	"io"
	"net"

	"google.golang.org/grpc"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/mem"
)

// bytesCodec hands messages through as they are on the wire.
type bytesCodec struct{}

func (bytesCodec) Name() string { return "proto" }

func (bytesCodec) Marshal(message any) (mem.BufferSlice, error) {
	return mem.BufferSlice{mem.SliceBuffer(*message.(*[]byte))}, nil
}

func (bytesCodec) Unmarshal(data mem.BufferSlice, message any) error {
	*message.(*[]byte) = data.Materialize()
	return nil
}

var _ encoding.CodecV2 = bytesCodec{}

func serveOrdinary(listener net.Listener) error {
	handle := func(_ any, stream grpc.ServerStream) error {
		path, _ := grpc.MethodFromServerStream(stream)
		kind := kindOf(path)
		if kind == echoAll {
			return echoEach(stream)
		}
		var request []byte
		if err := stream.RecvMsg(&request); err != nil {
			return err
		}
		if err := sendAll(stream, kind, path, request); err != nil {
			return err
		}
		if kind == watch || kind == hold {
			<-stream.Context().Done()
		}
		return nil
	}
	return grpc.NewServer(grpc.ForceServerCodecV2(bytesCodec{}), grpc.UnknownServiceHandler(handle)).Serve(listener)
}

func sendAll(stream grpc.ServerStream, kind kind, path string, request []byte) error {
	if kind != flood && kind != hold {
		reply := answer(nil, path, request)
		return stream.SendMsg(&reply)
	}
	last, isEndless := ticksOf(kind, request)
	for sequence := uint32(1); isEndless || sequence <= last; sequence++ {
		reply := append([]byte(nil), tick...)
		numbered(reply, sequence)
		if err := stream.SendMsg(&reply); err != nil {
			return err
		}
	}
	return nil
}

func echoEach(stream grpc.ServerStream) error {
	for {
		var message []byte
		if err := stream.RecvMsg(&message); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		if err := stream.SendMsg(&message); err != nil {
			return err
		}
	}
}

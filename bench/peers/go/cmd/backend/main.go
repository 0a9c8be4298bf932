// The backend of every gateway: answers gRPC from fixed bytes, so cheaply that the gateway stays the bottleneck.
// With -grpc-go the same answers come from an ordinary grpc-go server.
package main

import (
	"flag"
	"log"
	"net"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:50051", "address to serve")
	ordinary := flag.Bool("grpc-go", false, "serve with grpc-go instead of the bare HTTP/2 frames")
	flag.Parse()
	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		log.Fatal(err)
	}
	if *ordinary {
		log.Fatal(serveOrdinary(listener))
	}
	for {
		socket, err := listener.Accept()
		if err != nil {
			log.Fatal(err)
		}
		go serveConnection(socket)
	}
}

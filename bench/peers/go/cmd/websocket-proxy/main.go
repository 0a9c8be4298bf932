// grpc-gateway with grpc-websocket-proxy around its mux, as the latter's documentation says.
package main

import (
	"context"
	"flag"
	"log"
	"net/http"

	"bench/gen/stream"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"github.com/tmc/grpc-websocket-proxy/wsproxy"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// silent hears of every client that goes away.
type silent struct{}

func (silent) Warnln(...any)  {}
func (silent) Debugln(...any) {}

// withoutBody makes the pair work at all: grpc-gateway 2.30 reads a GET's body to its end before it calls the backend, and the
// proxy's ends with the socket.
func withoutBody(_, outgoing *http.Request) *http.Request {
	if outgoing.Method == http.MethodGet {
		outgoing.Body = http.NoBody
	}
	return outgoing
}

func main() {
	listen := flag.String("listen", "127.0.0.1:8080", "address to serve")
	backend := flag.String("backend", "127.0.0.1:50051", "address of the gRPC server")
	flag.Parse()
	conn, err := grpc.NewClient(*backend, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		log.Fatal(err)
	}
	mux := runtime.NewServeMux()
	if err := stream.RegisterStreamsHandler(context.Background(), mux, conn); err != nil {
		log.Fatal(err)
	}
	handler := wsproxy.WebsocketProxy(mux, wsproxy.WithLogger(silent{}), wsproxy.WithRequestMutator(withoutBody))
	log.Fatal(http.ListenAndServe(*listen, handler))
}

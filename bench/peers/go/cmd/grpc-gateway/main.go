// grpc-gateway as its documentation builds one: generated handlers on a mux, one client connection.
package main

import (
	"context"
	"flag"
	"log"
	"net/http"

	"bench/gen/load"
	"bench/gen/routes"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:8080", "address to serve")
	backend := flag.String("backend", "127.0.0.1:50051", "address of the gRPC server")
	services := flag.Int("services", 0, "how many of the generated services of ten routes to serve")
	flag.Parse()
	conn, err := grpc.NewClient(*backend, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		log.Fatal(err)
	}
	mux := runtime.NewServeMux()
	if err := load.RegisterLoadHandler(context.Background(), mux, conn); err != nil {
		log.Fatal(err)
	}
	for _, register := range routes.Handlers[:*services] {
		if err := register(context.Background(), mux, conn); err != nil {
			log.Fatal(err)
		}
	}
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	server := &http.Server{Addr: *listen, Handler: mux, Protocols: protocols}
	log.Fatal(server.ListenAndServe())
}

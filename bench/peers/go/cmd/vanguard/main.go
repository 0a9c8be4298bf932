// Vanguard as its documentation builds a proxy: a transcoder around a reverse proxy that speaks HTTP/2 to the backend.
package main

import (
	"context"
	"crypto/tls"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"

	_ "bench/gen/load"
	_ "bench/gen/routes"

	"connectrpc.com/vanguard"
	"golang.org/x/net/http2"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:8080", "address to serve")
	backend := flag.String("backend", "127.0.0.1:50051", "address of the gRPC server")
	count := flag.Int("services", 0, "how many of the generated services of ten routes to serve")
	flag.Parse()
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: *backend})
	proxy.Transport = &http2.Transport{
		AllowHTTP: true,
		DialTLSContext: func(ctx context.Context, network, addr string, _ *tls.Config) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, addr)
		},
	}
	proxy.FlushInterval = -1
	services := []*vanguard.Service{vanguard.NewService("bench.load.v1.Load", proxy)}
	for index := range *count {
		services = append(services, vanguard.NewService(fmt.Sprintf("bench.routes.v1.Routes%d", index), proxy))
	}
	handler, err := vanguard.NewTranscoder(services, vanguard.WithDefaultServiceOptions(
		vanguard.WithTargetProtocols(vanguard.ProtocolGRPC),
		vanguard.WithTargetCodecs(vanguard.CodecProto),
	))
	if err != nil {
		log.Fatal(err)
	}
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	server := &http.Server{Addr: *listen, Handler: handler, Protocols: protocols}
	log.Fatal(server.ListenAndServe())
}

// Envoy's configuration for the bench: one listener for HTTP/1.1 and h2c, one cluster over HTTP/2, no logs, no admin.

export interface EnvoyOptions {
  readonly port: number;
  readonly backend: number;
  /** Without it Envoy is a plain gRPC proxy. */
  readonly transcoder: { readonly descriptors: string; readonly services: readonly string[] } | undefined;
}

const http2 = {
  "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
    "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
    explicit_http_config: { http2_protocol_options: {} },
  },
};

// The defaults of 1,024 and of 1 MiB would cut the loads with many connections and large messages.
const limits = { thresholds: [{ max_connections: 65_536, max_pending_requests: 65_536, max_requests: 65_536 }] };
const bufferBytes = 8 << 20;

export function envoyConfig({ port, backend, transcoder }: EnvoyOptions): unknown {
  const router = filter("envoy.filters.http.router", "router.v3.Router", {});
  const filters = transcoder === undefined ? [router] : [transcoderFilter(transcoder), router];
  return {
    static_resources: {
      listeners: [
        {
          address: address(port),
          per_connection_buffer_limit_bytes: bufferBytes,
          filter_chains: [{ filters: [connectionManager(filters)] }],
        },
      ],
      clusters: [
        {
          name: "backend",
          type: "STATIC",
          per_connection_buffer_limit_bytes: bufferBytes,
          circuit_breakers: limits,
          typed_extension_protocol_options: http2,
          load_assignment: {
            cluster_name: "backend",
            endpoints: [{ lb_endpoints: [{ endpoint: { address: address(backend) } }] }],
          },
        },
      ],
    },
  };
}

function address(port: number): unknown {
  return { socket_address: { address: "127.0.0.1", port_value: port } };
}

function filter(name: string, type: string, settings: object): unknown {
  return {
    name,
    typed_config: { "@type": `type.googleapis.com/envoy.extensions.filters.http.${type}`, ...settings },
  };
}

function transcoderFilter({ descriptors, services }: NonNullable<EnvoyOptions["transcoder"]>): unknown {
  return filter("envoy.filters.http.grpc_json_transcoder", "grpc_json_transcoder.v3.GrpcJsonTranscoder", {
    proto_descriptor: descriptors,
    services,
    max_request_body_size: bufferBytes,
    max_response_body_size: bufferBytes,
  });
}

function connectionManager(filters: readonly unknown[]): unknown {
  const route = { match: { prefix: "/" }, route: { cluster: "backend", timeout: "0s" } };
  return {
    name: "envoy.filters.network.http_connection_manager",
    typed_config: {
      "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
      stat_prefix: "bench",
      codec_type: "AUTO",
      route_config: { virtual_hosts: [{ name: "all", domains: ["*"], routes: [route] }] },
      http_filters: filters,
    },
  };
}

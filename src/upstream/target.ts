// The text of an upstream target, as flags and YAML write it, to the address a transport connects to.
import { isIPv4, isIPv6 } from "node:net";
import type { TargetAddress, TlsOptions } from "./transport.ts";

export type ParsedTarget =
  | { readonly kind: "target"; readonly address: TargetAddress }
  | {
      readonly kind: "error";
      /** What is wrong, naming the text. */ readonly message: string;
      /** What to write instead. */ readonly hint: string;
    };

const systemTrust: TlsOptions = Object.freeze({
  ca: undefined,
  cert: undefined,
  key: undefined,
  serverName: undefined,
});

/** Linux's `sockaddr_un.sun_path` without its terminating NUL. */
const maxUnixPath = 107;

/** Schemes of gRPC's naming that need no slashes; with a port alone it is a host that is called so. */
const grpcScheme = /^(ipv4|ipv6|vsock|xds|unix-abstract|passthrough):(?!\d*$)/i;

/**
 * Target = HostPort | "dns:" ["///"] HostPort | "ipv4:" IPv4 ":" Port | "ipv6:[" IPv6 "]:" Port
 *        | "grpc://" HostPort | "grpcs://" HostPort | "unix:" Path | "unix://" AbsolutePath
 * HostPort = (Name | IPv4 | "[" IPv6 "]") ":" Port
 *
 * `grpcs` is TLS trusting the system's roots; other TLS comes from options beside the target and wins over the scheme.
 */
export function parseTarget(text: string, tls?: TlsOptions): ParsedTarget {
  const shown = JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}…` : text);
  if (text === "") return failed("the upstream target is empty", "write host:port, for example localhost:50051");
  // oxlint-disable-next-line no-control-regex -- control characters are what it looks for
  if (/[\s\u0000-\u001f\u007f]/.test(text))
    return failed(`the upstream target ${shown} contains a space or control character`, "remove it");
  if (/^unix:/i.test(text)) return parseUnix(text.slice(5), shown, tls);
  const scheme = (/^([a-z][a-z0-9+.-]*):\/\//i.exec(text) ?? grpcScheme.exec(text))?.[1].toLowerCase();
  switch (scheme) {
    case undefined:
      return parseHostPort(text.replace(/^dns:/, ""), shown, tls);
    case "dns":
      return parseDns(text, shown, tls);
    case "grpc":
      return parseHostPort(text.slice("grpc://".length), shown, tls);
    case "grpcs":
      return parseHostPort(text.slice("grpcs://".length), shown, tls ?? systemTrust);
    case "ipv4":
    case "ipv6":
      return parseAddress(text.slice("ipv4:".length), scheme, shown, tls);
    case "http":
      return failed(`the upstream target ${shown} is an HTTP URL`, `an upstream is a gRPC server: write ${bare(text)}`);
    case "https":
      return failed(`the upstream target ${shown} is an HTTP URL`, `for gRPC over TLS write grpcs://${bare(text)}`);
    default:
      return failed(
        `the upstream target ${shown} has the unknown scheme "${scheme}"`,
        "write host:port, grpcs://host:port, dns:///host:port, ipv4:address:port or unix:/path",
      );
  }
}

function parseDns(text: string, shown: string, tls: TlsOptions | undefined): ParsedTarget {
  const rest = text.slice("dns://".length);
  if (!rest.startsWith("/")) {
    return failed(
      `the upstream target ${shown} names a DNS server or lacks a slash`,
      "write three slashes: dns:///host:port; names are resolved by the system",
    );
  }
  return parseHostPort(rest.slice(1), shown, tls);
}

/** One address of the list that gRPC's naming has there: which of several to call is for a name to say. */
function parseAddress(rest: string, scheme: "ipv4" | "ipv6", shown: string, tls: TlsOptions | undefined): ParsedTarget {
  const example = scheme === "ipv4" ? "ipv4:127.0.0.1:50051" : "ipv6:[::1]:50051";
  if (rest.includes(","))
    return failed(
      `the upstream target ${shown} lists several addresses`,
      `write one, for example ${example}, or host:port of a name that has them all`,
    );
  const host = rest.slice(0, rest.lastIndexOf(":"));
  const isOfFamily = scheme === "ipv4" ? isIPv4(host) : /^\[.*\]$/.test(host) && isIPv6(host.slice(1, -1));
  if (isOfFamily) return parseHostPort(rest, shown, tls);
  const name = scheme === "ipv4" ? "IPv4" : "IPv6";
  return failed(`the upstream target ${shown} is no ${name} address with a port`, `write for example ${example}`);
}

function parseUnix(rest: string, shown: string, tls: TlsOptions | undefined): ParsedTarget {
  const path = rest.startsWith("//") ? rest.slice(2) : rest;
  if (path === "") return failed(`the upstream target ${shown} has no path`, "write unix:/path/to/socket");
  if (rest.startsWith("//") && !path.startsWith("/")) {
    return failed(
      `the upstream target ${shown} has a host where the path begins`,
      "write unix:///path/to/socket or unix:relative/path",
    );
  }
  if (Buffer.byteLength(path) > maxUnixPath) {
    return failed(
      `the socket path of the upstream target ${shown} is longer than ${maxUnixPath} bytes`,
      "use a shorter path; the operating system allows no more",
    );
  }
  return { kind: "target", address: { target: `unix:${path}`, tls } };
}

function parseHostPort(text: string, shown: string, tls: TlsOptions | undefined): ParsedTarget {
  if (text.includes("@"))
    return failed(
      `the upstream target ${shown} contains a user name`,
      "credentials do not belong in a target; write host:port",
    );
  if (/[/?#]/.test(text))
    return failed(`the upstream target ${shown} has a path`, `write the address only: ${bare(text)}`);
  const match = /^(\[[^\]]*\]|[^:[\]]*)(?::([^:]*))?$/.exec(text);
  if (match === null) {
    return failed(`the upstream target ${shown} is not host:port`, "put an IPv6 address in brackets: [::1]:50051");
  }
  const [, host, port] = match;
  if (host === "") return failed(`the upstream target ${shown} has no host`, `write localhost:${port ?? "50051"}`);
  if (port === undefined || port === "")
    return failed(`the upstream target ${shown} has no port`, `write for example ${host}:50051`);
  if (!/^\d{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65_535) {
    return failed(`the upstream target ${shown} has the port "${port}"`, "a port is a number from 1 to 65535");
  }
  if (!isHost(host))
    return failed(
      `the upstream target ${shown} has the host "${host}", which is no host name or IP address`,
      "write host:port, for example localhost:50051",
    );
  return { kind: "target", address: { target: `${host}:${Number(port)}`, tls } };
}

function isHost(host: string): boolean {
  if (host.startsWith("[")) return isIPv6(host.slice(1, -1));
  if (/^[\d.]+$/.test(host)) return isIPv4(host);
  return (
    host.length <= 253 &&
    host
      .split(".")
      .every(
        (label, index, all) =>
          /^[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,62})$/.test(label) ||
          (label === "" && index === all.length - 1 && index > 0),
      )
  );
}

/** The address part of a URL. */
function bare(text: string): string {
  const address = /^(?:[a-z][a-z0-9+.-]*:\/\/)?([^/?#]*)/i.exec(text)?.[1] ?? "";
  const host = address === "" ? "localhost" : address;
  return /:\d+$/.test(host) ? host : `${host}:PORT`;
}

function failed(message: string, hint: string): ParsedTarget {
  return { kind: "error", message, hint };
}

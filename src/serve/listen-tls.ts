// TLS on the listener's port: versions, certificates, and which protocol was agreed on.
import { constants } from "node:crypto";
import type { Socket } from "node:net";
import { createServer } from "node:tls";
import type { TLSSocket } from "node:tls";

/** PEM texts. */
export interface ListenerTls {
  readonly cert: string | Buffer;
  readonly key: string | Buffer;
  /** Clients must show a certificate of one of these authorities; or may, where `clientAuth` says so. */
  readonly clientCa: string | Buffer | undefined;
  /** `optional`: who shows none is let in, who shows one that does not hold is not. Absent: required. */
  readonly clientAuth?: "required" | "optional" | undefined;
  readonly minVersion: "TLSv1.2" | "TLSv1.3";
}

/** The first byte of a TLS connection: a handshake record (RFC 8446 section 5.1). */
const handshake = 22;

export function isTlsRecord(bytes: Buffer): boolean {
  return bytes[0] === handshake;
}

/**
 * Answers what makes a socket, whose first bytes were read, a TLS one: it comes out at `onSecure`, or is closed. Throws the
 * system's error for a certificate or key that cannot be used.
 */
export function createTlsUpgrade(
  tls: ListenerTls,
  options: { readonly withHttp2: boolean; readonly handshakeTimeoutMs: number },
  onSecure: (socket: TLSSocket) => void,
): (socket: Socket, firstBytes: Buffer) => void {
  const isOptional = tls.clientAuth === "optional";
  const server = createServer({
    cert: tls.cert,
    key: tls.key,
    ...(tls.clientCa !== undefined && { ca: tls.clientCa, requestCert: true, rejectUnauthorized: !isOptional }),
    minVersion: tls.minVersion,
    ALPNProtocols: options.withHttp2 ? ["h2", "http/1.1"] : ["http/1.1"],
    handshakeTimeout: options.handshakeTimeoutMs,
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
  });
  server.on("secureConnection", (socket) => {
    if (isOptional && isBadCertificate(socket)) socket.destroy();
    else onSecure(socket);
  });
  server.on("tlsClientError", (_error, socket) => socket.destroy());
  return (socket, firstBytes) => {
    socket.on("error", () => socket.destroy());
    // The server takes what is buffered for what comes next on the wire.
    socket.pause();
    socket.unshift(firstBytes);
    server.emit("connection", socket);
  };
}

/** Shown, and not verified. */
function isBadCertificate(socket: TLSSocket): boolean {
  return !socket.authorized && socket.getPeerX509Certificate() !== undefined;
}

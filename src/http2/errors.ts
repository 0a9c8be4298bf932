// What ends a connection: an error code for GOAWAY and a sentence for whoever reads the log.
import { errorName } from "./protocol.ts";

/** A connection error (RFC 9113 section 5.4.1). Thrown while frames are read; the connection answers with GOAWAY and ends. */
export class Http2Error extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(`${message} (${errorName(code)})`);
    this.name = "Http2Error";
    this.code = code;
  }
}

/** Headers that must not be sent: a name or value no HTTP/2 peer may accept. Thrown to the caller before a byte is written. */
export class HeaderError extends TypeError {
  constructor(message: string) {
    super(message);
    this.name = "HeaderError";
  }
}

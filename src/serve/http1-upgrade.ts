// A request to speak another protocol on its HTTP/1.1 connection (RFC 9110 section 7.8), from its head to the front's answer.
import type { Duplex } from "node:stream";
import type { ClientCertificate, Peer } from "../caller.ts";
import type { HeaderList, RequestHeaders, Upgrade } from "../front/front.ts";
import { dateLine, headerLines, statusLine } from "../http1/answer.ts";
import type { Http1Request } from "../http1/contract.ts";
import { withAdded } from "./added-headers.ts";
import type { ServedConnection } from "./connection.ts";
import type { Http1Client } from "./http1-exchange.ts";
import type { CheckedHead } from "./http1-head.ts";

/** How much, and for how long, is read behind a refusal: a reset would eat it before the client reads it. */
const maxLingerBytes = 64 * 1024;
const lingerMs = 1000;
const none = Buffer.alloc(0);

/** The protocol a client asks for, of those there are fronts for; others are ignored as RFC 9110 allows. */
export function toProtocol(upgrade: string): string | undefined {
  const names = upgrade.toLowerCase().split(",");
  return names.some((name) => name.trim() === "websocket") ? "websocket" : undefined;
}

export interface UpgradeRequest {
  readonly protocol: string;
  readonly request: Http1Request;
  readonly head: CheckedHead;
  readonly socket: Duplex;
  readonly firstBytes: Buffer;
}

/** While it waits for the front, and for the client to read a refusal, it is what the listener watches. */
export class Http1Upgrade implements Upgrade, ServedConnection {
  readonly protocol: string;
  readonly httpVersion = "1.1";
  readonly method: string;
  readonly target: string;
  readonly headers: RequestHeaders;
  readonly rawHeaders: readonly string[];
  readonly secure: boolean;
  readonly peer: Peer;
  requestId: string | undefined = undefined;
  readonly isIdle = false;
  readonly #readCertificate: Http1Client["readCertificate"];
  readonly #socket: Duplex;
  #firstBytes: Buffer;
  readonly #onTaken: () => void;
  readonly #timeoutMs: number;
  #state: "open" | "taken" | "refused" = "open";
  #since: number | undefined;
  #lingerBytes = 0;
  #added: HeaderList | undefined;

  /** The socket is held still until the front has answered. `onTaken`: it is no longer this object's. */
  constructor(
    client: Http1Client,
    { protocol, request, head, socket, firstBytes }: UpgradeRequest,
    onTaken: () => void,
  ) {
    this.protocol = protocol;
    this.method = request.method;
    this.target = head.target;
    this.headers = head.headers;
    this.rawHeaders = head.rawHeaders;
    this.secure = client.secure;
    this.peer = client.peer;
    this.#readCertificate = client.readCertificate;
    this.#socket = socket;
    this.#firstBytes = firstBytes;
    this.#onTaken = onTaken;
    this.#timeoutMs = client.context.limits.requestTimeoutMs;
    socket.pause();
    socket.on("error", this.#onError);
  }

  get certificate(): ClientCertificate | undefined {
    return this.#readCertificate();
  }

  takeOver(): { readonly socket: Duplex; readonly firstBytes: Buffer } {
    if (this.#state !== "open") throw new Error("an upgrade is answered once");
    this.#state = "taken";
    const socket = this.#socket;
    this.#onTaken();
    socket.off("error", this.#onError);
    // Flows from the next tick on: until then its new owner has time to listen.
    socket.resume();
    const firstBytes = this.#firstBytes;
    // This object is the call's source as long as the socket is open: nothing that came with the head is to stay for so long.
    this.#firstBytes = none;
    return { socket, firstBytes };
  }

  addAnswerHeaders(headers: HeaderList): void {
    this.#added = headers;
  }

  respond(status: number, headers: HeaderList, body: Uint8Array | undefined): void {
    if (this.#state !== "open") return;
    this.#state = "refused";
    this.#since = undefined;
    const socket = this.#socket;
    const lines = headerLines(withAdded(headers, this.#added));
    if (lines === undefined) {
      socket.destroy();
      return;
    }
    const length = `Content-Length: ${body?.length ?? 0}\r\n`;
    const head = `${statusLine(status)}${lines}${length}${dateLine()}Connection: close\r\n\r\n`;
    const hasBody = body !== undefined && this.method !== "HEAD";
    socket.on("data", this.#onLate);
    socket.resume();
    socket.end(hasBody ? Buffer.concat([Buffer.from(head, "latin1"), body]) : Buffer.from(head, "latin1"));
  }

  /** Left to finish: it is either short, or a protocol whose front is told to drain. */
  drain(): void {}

  destroy(): void {
    this.#socket.destroy();
  }

  checkProgress(now: number): void {
    this.#since ??= now;
    if (now - this.#since >= (this.#state === "refused" ? lingerMs : this.#timeoutMs)) this.destroy();
  }

  readonly #onError = (): void => void this.#socket.destroy();

  readonly #onLate = (chunk: Buffer): void => {
    this.#lingerBytes += chunk.length;
    if (this.#lingerBytes > maxLingerBytes) this.#socket.destroy();
  };
}

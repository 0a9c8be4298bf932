// One WebSocket and the calls on it: frames in and out, stream ids, the handshake inside the socket.
import type { Call, Carrier } from "./call.ts";
import type { Metadata, WebSocketLike } from "./contract.ts";
import { ClientError, internal, invalidArgument, resourceExhausted, toError, toVerdict, unavailable } from "./error.ts";
import type { ClientFrame, Codec, GoAwayFrame, ReadyFrame, ServerFrame, StatusFrame } from "./frames.ts";

/** Opened before the server has said how many it takes. */
const earlyStreams = 16;
/** Sent before the server has said how much it takes. */
const earlyBytes = 65_536;
const largestId = 2 ** 31 - 1;

export interface SessionEvents {
  /** Calls can be opened. */
  onOpen(): void;
  /** The server has said `ready`, for the first time. */
  onReady(session: Session): void;
  /** There is room for another call. */
  onRoom(): void;
  /** The credentials are about to end. */
  onExpiring(session: Session): void;
  /** No new calls here; `calls` have not been taken on. */
  onGoAway(session: Session, calls: readonly Call[], retryAfterMs: number): void;
  /** Once. */
  onEnd(session: Session, end: SessionEnd): void;
}

export interface SessionEnd {
  readonly closeCode: number;
  /** The server's words about the socket. */
  readonly refusal: ClientError | undefined;
  /** What calls are told that cannot go on: those words, or what the close says. */
  readonly error: ClientError;
}

export interface Hello {
  readonly auth: string | undefined;
  readonly metadata: Metadata | undefined;
}

export class Session {
  /** Set by whoever keeps sessions, as is the next. */
  readyAt: number | undefined;
  /** Of the time until `ready`. */
  stopTimer: (() => void) | undefined;
  readonly #socket: WebSocketLike;
  readonly #codec: Codec;
  readonly #events: SessionEvents;
  readonly #calls = new Map<number, Call>();
  /** Calls with a message that is perhaps too large. */
  #held: Call[] = [];
  #lastId = 0;
  #ready: ReadyFrame | undefined;
  #isOpen = false;
  #isDraining = false;
  #isOver = false;
  #refusal: ClientError | undefined;
  /** Stops the timer of a probe. */
  #stopProbe: (() => void) | undefined;

  constructor(socket: WebSocketLike, codec: Codec, hello: Hello, events: SessionEvents) {
    this.#socket = socket;
    this.#codec = codec;
    this.#events = events;
    socket.binaryType = "arraybuffer";
    socket.addEventListener("open", () => this.#onOpen(hello));
    socket.addEventListener("message", ({ data }) => this.#onMessage(data));
    socket.addEventListener("close", ({ code, reason = "" }) => this.#end(code, reason));
    // What is wrong comes with close, at once; but where a page's policy forbids the socket Chromium sends none.
    socket.addEventListener("error", () => {
      if (!this.#isOpen) setTimeout(() => this.#end(1006));
    });
  }

  get calls(): readonly Call[] {
    return [...this.#calls.values(), ...this.#held];
  }

  /** Whether a call here can go on elsewhere. */
  get canMove(): boolean {
    return this.calls.some((call) => call.isResumable);
  }

  get isDraining(): boolean {
    return this.#isDraining;
  }

  get hasRoom(): boolean {
    const most = this.#ready?.maxStreams ?? earlyStreams;
    return this.#isOpen && !this.#isDraining && this.#calls.size < most && this.#lastId < largestId;
  }

  open(call: Call): void {
    const id = ++this.#lastId;
    this.#calls.set(id, call);
    try {
      if (this.#fits(call.open(id, this.#createCarrier(id)))) {
        if (this.#ready !== undefined) this.#startUpload(call, this.#ready);
        return;
      }
      // How much the server takes is not known yet: the call comes back when it is.
      this.#held.push(call);
    } catch (error) {
      call.finish(toError(error, invalidArgument));
    }
    this.#calls.delete(id);
  }

  /** The call goes on elsewhere. */
  release(call: Call): void {
    for (const [id, each] of this.#calls)
      if (each === call) {
        this.#calls.delete(id);
        this.#send({ t: "cancel", id, reason: "moved elsewhere" });
      }
  }

  authenticate(auth: string): void {
    this.#send({ t: "auth", auth });
  }

  /** Whether anybody is there: unless a frame comes before the timer has run down the socket is given up. */
  probe(startTimer: (onOver: () => void) => () => void): void {
    if (this.#ready === undefined || this.#stopProbe !== undefined) return;
    this.#send({ t: "ping" });
    this.#stopProbe = startTimer(() => this.drop());
  }

  /** Gives the socket up, without waiting for its close. */
  drop(refusal?: ClientError): void {
    this.#refusal ??= refusal;
    this.#socket.close(1000);
    this.#end(1006);
  }

  closeIfDrained(): void {
    if (this.#isDraining && this.#calls.size === 0) this.close();
  }

  close(): void {
    this.#socket.close(1000);
    this.#end(1000);
  }

  #onOpen({ auth, metadata }: Hello): void {
    if (this.#isOver) return;
    this.#send({
      t: "init",
      auth,
      metadata,
      client: { name: "sluice-js", version: "1" },
    });
    this.#isOpen = true;
    this.#events.onOpen();
  }

  #onMessage(data: unknown): void {
    if (this.#isOver) return;
    this.#endProbe();
    let frame: ServerFrame;
    try {
      frame = this.#codec.decode(data);
    } catch {
      this.drop(new ClientError({ code: internal, message: "the gateway sent what is no frame" }));
      return;
    }
    this.#onFrame(frame);
  }

  /** What is not known is ignored. */
  #onFrame(frame: ServerFrame): void {
    switch (frame.t) {
      case "msg":
        // For an id that has ended it was under way.
        this.#calls.get(frame.id)?.receive(frame.m);
        return;
      case "head":
        this.#calls.get(frame.id)?.head(frame.metadata);
        return;
      case "credit":
        this.#calls.get(frame.id)?.upload?.grant(frame.n);
        return;
      case "status":
        this.#onStatus(frame);
        return;
      case "ping":
        this.#send({ t: "pong", d: frame.d });
        return;
      case "ready":
        this.#onReady(frame);
        return;
      case "goaway":
        this.#onGoAway(frame);
        return;
      case "expiring":
        if (frame.what === "auth") this.#events.onExpiring(this);
        return;
      default:
    }
  }

  #onReady(frame: ReadyFrame): void {
    const isFirst = this.#ready === undefined;
    this.#ready = frame;
    if (!isFirst) return;
    for (const call of this.#calls.values()) this.#startUpload(call, frame);
    for (const call of this.#held.splice(0)) if (!call.isOver) this.open(call);
    this.#events.onReady(this);
  }

  #startUpload(call: Call, { upCredit, upBytes, maxMessage }: ReadyFrame): void {
    // The server grants by the sixteenth of `upBytes`: who waited for less than that would wait for ever.
    call.upload?.start({ credit: upCredit, bytes: Math.max(upBytes / 8, upBytes - maxMessage) });
  }

  #onStatus(frame: StatusFrame): void {
    if (frame.id === 0) {
      this.#refusal = new ClientError(frame);
      return;
    }
    const call = this.#calls.get(frame.id);
    if (call === undefined) return;
    this.#calls.delete(frame.id);
    call.ended(frame);
    this.#onRoom();
  }

  #onRoom(): void {
    if (!this.#isDraining) this.#events.onRoom();
    this.closeIfDrained();
  }

  #onGoAway({ lastId, retryAfterMs }: GoAwayFrame): void {
    this.#isDraining = true;
    const untouched = [...this.#calls].filter(([id]) => id > lastId);
    for (const [id] of untouched) this.#calls.delete(id);
    this.#events.onGoAway(
      this,
      untouched.map(([, call]) => call),
      retryAfterMs,
    );
    this.closeIfDrained();
  }

  #end(closeCode: number, reason = ""): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#isOpen = false;
    this.#endProbe();
    this.#events.onEnd(this, {
      closeCode,
      error: this.#refusal ?? connectionLost(closeCode, reason),
      refusal: this.#refusal,
    });
    this.#calls.clear();
  }

  #endProbe(): void {
    this.#stopProbe?.();
    this.#stopProbe = undefined;
  }

  #createCarrier(id: number): Carrier {
    return {
      grant: (n) => this.#send({ t: "credit", id, n }),
      send: (m) => this.#fits({ t: "msg", id, m }),
      end: () => this.#send({ t: "end", id }),
      cancel: (reason) => {
        // The server must not hear of an id that was not opened.
        if (!this.#calls.delete(id)) return;
        this.#send({ t: "cancel", id, reason });
        this.#onRoom();
      },
    };
  }

  #send(frame: ClientFrame | { t: "pong"; d?: unknown }): void {
    // A socket that closes takes nothing more, and its close is on the way.
    if (!this.#isOver) this.#socket.send(this.#codec.encode(frame));
  }

  /**
   * Sends a frame with a message, unless the server would close the socket over its size, and returns the size: 0 for what may be
   * too large, as long as that is not known. Throws for what is too large, and for what is no JSON.
   */
  #fits(frame: ClientFrame): number {
    const data = this.#codec.encode(frame);
    const most = this.#ready?.maxMessage ?? earlyBytes;
    let size = data.length;
    // Text of n characters has up to 3n bytes.
    if (typeof data === "string" && size * 3 > Math.min(most, 65_536)) size = new TextEncoder().encode(data).length;
    if (size <= most) this.#socket.send(data);
    else if (this.#ready === undefined) return 0;
    else
      throw new ClientError({
        code: resourceExhausted,
        message: `the message is larger than the ${most} bytes that the gateway takes`,
      });
    return size;
  }
}

/** Of a call whose connection broke. UNAVAILABLE invites to try again, so only what may pass is called that. */
export function connectionLost(closeCode: number, reason: string): ClientError {
  const isStatus = closeCode > 4000 && closeCode < 4017;
  const code = isStatus ? closeCode - 4000 : toVerdict(closeCode, undefined) === "fail" ? internal : unavailable;
  const message = `the connection was lost (WebSocket close code ${closeCode}${reason && ": "}${reason})`;
  return new ClientError({ code, message });
}

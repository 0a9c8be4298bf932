// Finds a carrier for every call: one shared socket where there is room, another when there is not, and again when it is lost.
// docs/websocket.md, "What a client does", is what happens here.
import type { Call, Dispatcher } from "./call.ts";
import type { GatewayAddress } from "./address.ts";
import { checkMetadata } from "./check-metadata.ts";
import type { ConnectionState, ConnectOptions } from "./contract.ts";
import type { Environment } from "./environment.ts";
import { fetchCall } from "./fetch-call.ts";
import { ClientError, retryDelay, toError, toVerdict, unauthenticated, unavailable, unimplemented } from "./error.ts";
import type { Codec } from "./frames.ts";
import { guard } from "./guard.ts";
import { Pace } from "./pace.ts";
import { Session } from "./session.ts";
import type { SessionEnd, SessionEvents } from "./session.ts";

const healthyMs = 10_000;
const probeMs = 5_000;
const connectMs = 15_000;
/** A network that lets no WebSocket through is asked again after so long. */
const blockedMs = 60_000;

export interface ConnectionInputs {
  readonly address: GatewayAddress;
  readonly codec: Codec;
  readonly options: ConnectOptions;
  readonly environment: Environment;
}

export class Connection implements Dispatcher, SessionEvents {
  readonly clock: Environment;
  readonly #inputs: ConnectionInputs;
  /** All that have not ended. */
  readonly #calls = new Set<Call>();
  /** Those without a carrier that could begin now. */
  readonly #waiting = new Set<Call>();
  /** Timers of calls that wait before they are opened again. */
  readonly #delayed = new Map<Call, () => void>();
  /** All that are open, those that drain as well. */
  readonly #sessions = new Set<Session>();
  readonly #pace: Pace;
  #isDialing = false;
  #wasEverReady = false;
  /** Credentials were refused, and new ones asked for. */
  #isRefreshed = false;
  #blockedUntil = 0;
  #unsubscribe: (() => void) | undefined;

  constructor(inputs: ConnectionInputs) {
    checkMetadata(inputs.options.metadata);
    this.#inputs = inputs;
    this.clock = inputs.environment;
    this.#pace = new Pace(inputs.environment);
  }

  start(call: Call): void {
    if (call.isOver) return;
    this.#calls.add(call);
    this.#waiting.add(call);
    this.#flush();
  }

  /** A lost socket is waited for as a whole; a call that has lost only its stream waits by itself. */
  retry(call: Call, error: ClientError): void {
    const isAlone = this.#isBlocked || [...this.#sessions].some((session) => !session.isDraining);
    const isDetour = call.attempts <= 1 && this.#fetchFor(call) !== undefined;
    const wait = retryDelay(error.details) ?? (isAlone && !isDetour ? this.#pace.delay(call.attempts - 1) : 0);
    if (wait === 0) {
      this.start(call);
      return;
    }
    const stop = this.#inputs.environment.after(wait, () => {
      this.#delayed.delete(call);
      this.start(call);
    });
    this.#delayed.set(call, stop);
  }

  forget(call: Call): void {
    this.#calls.delete(call);
    this.#waiting.delete(call);
    this.#delayed.get(call)?.();
    this.#delayed.delete(call);
    if (this.#waiting.size === 0) this.#pace.hurry();
  }

  close(): void {
    for (const call of this.#calls) call.cancel("the client was closed");
    for (const session of this.#sessions) session.close();
  }

  onOpen(): void {
    this.#flush();
  }

  onReady(session: Session): void {
    session.readyAt = this.clock.now();
    session.stopTimer?.();
    this.#isDialing = false;
    this.#wasEverReady = true;
    this.#blockedUntil = 0;
    this.#tell("ready");
    for (const other of this.#sessions) if (other.isDraining) this.#moveFrom(other);
    this.#flush();
  }

  onRoom(): void {
    if (this.#waiting.size > 0) this.#flush();
  }

  onExpiring(session: Session): void {
    // Without new credentials the socket ends by itself, and the next one asks again.
    this.#askToken().then(
      (auth) => auth !== undefined && session.authenticate(auth),
      () => {},
    );
  }

  onGoAway(session: Session, calls: readonly Call[], retryAfterMs: number): void {
    this.#pace.holdUntil(this.clock.now() + retryAfterMs);
    for (const call of calls) {
      call.suspend();
      this.#waiting.add(call);
    }
    // What can go on elsewhere does so as soon as there is an elsewhere.
    if (calls.length > 0 || session.canMove) this.#dial();
  }

  onEnd(session: Session, { closeCode, refusal, error }: SessionEnd): void {
    const { calls, readyAt } = session;
    this.#sessions.delete(session);
    session.stopTimer?.();
    const isFirstTry = readyAt === undefined;
    if (isFirstTry) this.#isDialing = false;
    if (this.#sessions.size === 0) this.#tell("closed", error);
    // Those that wait for this very socket.
    const waiting = isFirstTry ? [...this.#waiting] : [];
    const age = readyAt === undefined ? 0 : this.clock.now() - readyAt;
    // A socket that nobody needed any more is no failure.
    if (calls.length === 0 && waiting.length === 0) this.#flush();
    else if (this.#canRetry(closeCode, refusal, age)) {
      // Who gets a word of the gateway's through has a way for WebSocket.
      if (isFirstTry && !this.#wasEverReady && closeCode === 1006) this.#blockedUntil = this.clock.now() + blockedMs;
      for (const call of calls) call.lost(error, isFirstTry && refusal !== undefined);
      this.#lose(waiting, error);
      this.#flush();
    } else for (const call of [...calls, ...waiting]) call.finish(error);
    this.#rest();
  }

  get #isBlocked(): boolean {
    return this.clock.now() < this.#blockedUntil;
  }

  /** Also sets when. */
  #canRetry(closeCode: number, refusal: ClientError | undefined, age: number): boolean {
    // A socket that was given up here because of what came has no code that says so.
    const code = closeCode === 1006 && refusal !== undefined ? 4000 + refusal.code : closeCode;
    const verdict = toVerdict(code, refusal);
    // New credentials are asked for again only when the last ones have held for a while.
    if (age >= healthyMs) this.#isRefreshed = false;
    if (verdict === "refresh") {
      if (this.#isRefreshed || this.#inputs.options.getToken === undefined) return false;
      this.#isRefreshed = true;
      return true;
    }
    if (verdict === "fail") return false;
    const delay = retryDelay(refusal?.details);
    if (delay !== undefined) this.#pace.holdUntil(this.clock.now() + delay);
    this.#pace.backOff(age >= healthyMs);
    return true;
  }

  #flush(): void {
    let isShort = false;
    for (const call of this.#waiting) {
      const session = [...this.#sessions].find((each) => each.hasRoom);
      const fetch = this.#fetchFor(call);
      if (session === undefined && fetch === undefined) {
        isShort = true;
        continue;
      }
      this.#waiting.delete(call);
      if (session !== undefined) session.open(call);
      else if (fetch !== undefined) this.#fetch(call, fetch);
    }
    if (isShort) this.#dial();
  }

  /** Undefined for a call that has to go over a socket. */
  #fetchFor({ method }: Call): typeof fetch | undefined {
    const { environment } = this.#inputs;
    const canGo = method.http !== undefined && (this.#isBlocked || environment.WebSocket === undefined);
    return canGo ? environment.fetch : undefined;
  }

  #fetch(call: Call, fetch: typeof globalThis.fetch): void {
    const { address, options } = this.#inputs;
    void fetchCall(call, fetch, { url: address.http, metadata: options.metadata, askToken: () => this.#askToken() });
  }

  #dial(): void {
    if (this.#isDialing) return;
    this.#isDialing = true;
    this.#unsubscribe ??= this.#inputs.environment.onWake(
      () => this.#onWake(),
      // Browsers keep the socket of a page that they keep for its return: nobody reads what comes there.
      () => this.#sessions.forEach((session) => session.drop()),
    );
    this.#connect().catch((error: unknown) => this.#onDialFailure(error));
  }

  /** Rejects when there are no credentials to connect with, or WebSocket will not even begin. */
  async #connect(): Promise<void> {
    const { environment, address, codec, options } = this.#inputs;
    const isWanted = (): boolean => this.#waiting.size > 0 || this.#hasCallsToMove;
    await this.#pace.due(isWanted);
    const auth = isWanted() ? await this.#askToken() : undefined;
    if (!isWanted()) {
      this.#isDialing = false;
      this.#rest();
      return;
    }
    if (environment.WebSocket === undefined) {
      this.#isDialing = false;
      const message = "no WebSocket here, and no route for fetch";
      for (const call of this.#waiting) call.finish(new ClientError({ code: unimplemented, message }));
      return;
    }
    this.#tell("connecting");
    const socket = new environment.WebSocket(address.webSocket, [codec.protocol]);
    const session = new Session(socket, codec, { auth, metadata: options.metadata }, this);
    session.stopTimer = environment.after(options.connectTimeoutMs ?? connectMs, () => session.drop());
    this.#sessions.add(session);
  }

  #onDialFailure(reason: unknown): void {
    this.#isDialing = false;
    // What is not of the credentials is thrown by a page that may not open this URL.
    if (!(reason instanceof ClientError)) this.#blockedUntil = this.clock.now() + blockedMs;
    const error = toError(reason, unavailable);
    this.#pace.backOff(false);
    this.#lose([...this.#waiting], error);
  }

  #lose(waiting: readonly Call[], error: ClientError): void {
    for (const call of waiting) {
      this.#waiting.delete(call);
      call.lost(error, true);
    }
  }

  async #askToken(): Promise<string | undefined> {
    let token: string | undefined;
    try {
      token = await this.#inputs.options.getToken?.();
    } catch (error) {
      throw new ClientError({
        code: unauthenticated,
        message: `getToken failed: ${toError(error, unauthenticated).message}`,
      });
    }
    return !token || token.includes(" ") ? token : `Bearer ${token}`;
  }

  get #hasCallsToMove(): boolean {
    return [...this.#sessions].some((session) => session.isDraining && session.canMove);
  }

  #moveFrom(session: Session): void {
    for (const call of session.calls) {
      if (!call.isResumable) continue;
      session.release(call);
      call.suspend();
      this.#waiting.add(call);
    }
    session.closeIfDrained();
  }

  #onWake(): void {
    const { environment } = this.#inputs;
    for (const session of this.#sessions) session.probe((onOver) => environment.after(probeMs, onOver));
    this.#pace.wake();
  }

  /** Nothing is listened to while there is nothing to do. */
  #rest(): void {
    if (this.#sessions.size > 0 || this.#isDialing) return;
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
  }

  #tell(state: ConnectionState, error?: ClientError): void {
    const { onConnection } = this.#inputs.options;
    if (onConnection !== undefined) guard(() => onConnection(state, error));
  }
}

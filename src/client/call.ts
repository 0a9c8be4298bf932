// One call of the application, from its start to its status, across as many connections as that takes.
import type { CallInfo, CallOptions, CallState, Metadata, MethodInfo, Requests, Status } from "./contract.ts";
import { CreditWindow } from "./credit-window.ts";
import { Deferred } from "./deferred.ts";
import type { Environment } from "./environment.ts";
import { cancelled, ClientError, deadlineExceeded, internal, isTransient, toError } from "./error.ts";
import type { Failure } from "./error.ts";
import type { OpenFrame } from "./frames.ts";
import { guard } from "./guard.ts";
import { Inbox } from "./inbox.ts";
import { ResumePoint } from "./resume-point.ts";
import { Upload } from "./upload.ts";

/** What carries a call at the moment: a stream of a socket, or a fetch. */
export interface Carrier {
  /** The application has taken messages: so many more may come. */
  grant(count: number): void;
  /** Returns its size in bytes. */
  send(message: unknown): number;
  end(): void;
  cancel(reason: string | undefined): void;
}

/** Who finds carriers. */
export interface Dispatcher {
  readonly clock: Pick<Environment, "now" | "after">;
  /** The call needs another carrier; it has lost one. */
  retry(call: Call, error: ClientError): void;
  /** The call has ended and needs none any more. */
  forget(call: Call): void;
}

export interface CallInputs {
  readonly method: MethodInfo;
  /** A message, or `Requests` for a method that takes a stream. */
  readonly input: unknown;
  readonly options: CallOptions;
}

const longestTimer = 2 ** 31 - 1;

export class Call {
  readonly method: MethodInfo;
  readonly options: CallOptions;
  readonly inbox: Inbox;
  readonly info: CallInfo;
  /** Of a method that takes a stream. */
  readonly upload: Upload | undefined;
  /** Carriers that were lost in a row. */
  attempts = 0;
  carrier: Carrier | undefined;
  isOver = false;
  readonly #dispatcher: Dispatcher;
  readonly #request: unknown;
  readonly #window: CreditWindow;
  readonly #point: ResumePoint;
  readonly #listeners = new Set<(state: CallState) => void>();
  readonly #headers = new Deferred<Metadata>();
  readonly #trailers = new Deferred<Metadata>();
  readonly #status = new Deferred<Status>();
  readonly #deadline: number;
  #stopTimer: (() => void) | undefined;
  #isAnswered = false;
  #isReconnecting = false;

  constructor({ method, input, options }: CallInputs, dispatcher: Dispatcher) {
    this.method = method;
    this.options = options;
    this.#dispatcher = dispatcher;
    const { kind } = method;
    const takesMany = kind === "client-streaming" || kind === "bidi-streaming";
    const givesMany = kind === "server-streaming" || kind === "bidi-streaming";
    this.#request = takesMany || input !== undefined ? input : {};
    this.upload = takesMany ? this.#createUpload(input as Requests<unknown>) : undefined;
    this.#window = givesMany ? new CreditWindow(options.window, options.maxWindow) : new CreditWindow(1, 1);
    this.#point = new ResumePoint(method.resume);
    // One reply needs no further credit.
    this.inbox = new Inbox(givesMany ? (isDry) => this.#onTaken(isDry) : () => {});
    this.#deadline = dispatcher.clock.now() + (options.timeoutMs ?? Infinity);
    this.info = {
      headers: this.#headers.promise,
      trailers: this.#trailers.promise,
      status: this.#status.promise,
      cancel: (reason) => this.cancel(reason),
      onState: (listener) => {
        this.#listeners.add(listener);
        return () => this.#listeners.delete(listener);
      },
    };
    this.#watch();
  }

  get isResumable(): boolean {
    const { method, options } = this;
    return method.kind === "server-streaming" && (options.resume ?? method.resume !== undefined);
  }

  /** Begins on a carrier, or goes on there. */
  open(id: number, carrier: Carrier): OpenFrame {
    const { method, options } = this;
    this.carrier = carrier;
    if (this.#isReconnecting) {
      this.#isReconnecting = false;
      this.#tell("resumed");
    }
    const left = this.#deadline - this.#dispatcher.clock.now();
    return {
      t: "open",
      id,
      method: method.name,
      credit: this.#window.open(this.inbox.length, this.#dispatcher.clock.now()),
      metadata: options.metadata,
      timeout: left === Infinity ? undefined : `${Math.max(1, Math.ceil(left))}ms`,
      ...(this.upload === undefined ? { m: this.#point.restart(this.#request), end: true } : {}),
    };
  }

  head(metadata: Metadata): void {
    this.#begin();
    this.#headers.resolve(metadata);
  }

  receive(message: unknown): void {
    if (this.isOver) return;
    this.#begin();
    this.#headers.resolve({});
    if (!this.#window.receive()) {
      this.#leave("more messages came than were granted", internal);
      return;
    }
    this.#point.note(message);
    this.inbox.push(message);
  }

  /** The server has ended the call; one that can go on does so when the reason is of the passing kind. */
  ended(how: Failure): void {
    const error = how.code === 0 ? undefined : new ClientError(how);
    if (error !== undefined && this.isResumable && isTransient(how.code, how.details)) this.lost(error, true);
    else this.finish(error, how.trailers);
  }

  /** The carrier is gone. `isUntouched`: no backend has seen the call there. */
  lost(error: ClientError, isUntouched: boolean): void {
    if (this.isOver) return;
    this.carrier = undefined;
    const canGoOn =
      this.upload === undefined &&
      (this.isResumable || (this.method.repeatable === true && !this.#isAnswered && this.method.kind === "unary"));
    const canBegin = isUntouched && !this.#isAnswered && this.upload?.hasStarted !== true;
    const maxAttempts = this.options.maxAttempts ?? (this.isResumable ? Infinity : 5);
    if ((!canGoOn && !canBegin) || ++this.attempts >= maxAttempts) {
      this.finish(error);
      return;
    }
    this.suspend();
    this.#dispatcher.retry(this, error);
  }

  /** Is about to go on elsewhere: what will come again is taken back. */
  suspend(): void {
    this.carrier = undefined;
    this.inbox.drop(this.#point.since);
    if (this.#isReconnecting || !this.#isAnswered) return;
    this.#isReconnecting = true;
    this.#tell("reconnecting");
  }

  /** Once; what has not been taken is dropped. */
  cancel(reason?: string): void {
    this.#leave(reason ?? "the call was cancelled", cancelled, reason);
  }

  /** The application has left its loop: cancelled, and nobody there to be told an error. */
  leave(): void {
    this.cancel();
    void this.inbox.next().catch(() => {});
  }

  #leave(message: string, code: number, reason?: string): void {
    if (this.isOver) return;
    this.carrier?.cancel(reason);
    this.inbox.drop(Infinity);
    this.finish(new ClientError({ code, message }));
  }

  #begin(): void {
    this.attempts = 0;
    if (this.#isAnswered) return;
    this.#isAnswered = true;
    this.#tell("live");
  }

  #onTaken(isDry: boolean): void {
    if (this.isOver) return;
    const count = this.#window.take(isDry, this.#dispatcher.clock.now());
    if (count > 0) this.carrier?.grant(count);
  }

  #createUpload(requests: Requests<unknown>): Upload {
    return new Upload(requests, {
      send: (message) => this.carrier?.send(message) ?? 0,
      end: () => this.carrier?.end(),
      fail: (reason) => {
        this.carrier?.cancel("the messages failed");
        this.finish(toError(reason, cancelled));
      },
    });
  }

  /** The deadline and the signal, which hold while there is no connection as well. */
  #watch(): void {
    const { signal, timeoutMs } = this.options;
    if (timeoutMs !== undefined && timeoutMs < longestTimer)
      this.#stopTimer = this.#dispatcher.clock.after(timeoutMs, () =>
        this.#leave("the call's time is over", deadlineExceeded),
      );
    // The application's signal may outlive thousands of calls: it must not hold on to them.
    signal?.addEventListener("abort", this.#onAbort);
    if (signal?.aborted === true) queueMicrotask(this.#onAbort);
  }

  readonly #onAbort = (): void => {
    const reason: unknown = this.options.signal?.reason;
    this.cancel(reason instanceof Error ? reason.message : undefined);
  };

  /** Undefined for a call that ended well. */
  finish(error: ClientError | undefined, trailers: Metadata = error?.trailers ?? {}): void {
    if (this.isOver) return;
    this.isOver = true;
    this.carrier = undefined;
    this.#stopTimer?.();
    this.options.signal?.removeEventListener("abort", this.#onAbort);
    this.upload?.stop();
    this.#headers.resolve({});
    this.#trailers.resolve(trailers);
    const { code, status, message, details } = error ?? { code: 0, status: "OK", message: "", details: [] };
    this.#status.resolve({ code, status, message, details });
    this.inbox.end(error);
    this.#dispatcher.forget(this);
  }

  #tell(state: CallState): void {
    for (const listener of this.#listeners) guard(() => listener(state));
  }
}

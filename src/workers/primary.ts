// The process that starts the workers, and others in place of those that end; it counts limits, slots and refusals for them, keeps their tickets, and serves no calls itself.
import type { Address } from "../config/config.ts";
import type { MetricsFormat } from "../exposition.ts";
import { afterOwnTime } from "../own-time.ts";
import type { Readiness } from "../serve/admin.ts";
import { mergeMetrics } from "./merge-metrics.ts";
import type { FromPrimary, FromWorker, TellBans } from "./messages.ts";
import { Together } from "./together.ts";
import type { TogetherOptions } from "./together.ts";

/** A forked process. */
export interface WorkerProcess {
  send(message: FromPrimary): void;
  onMessage(listener: (message: FromWorker) => void): void;
  /** Called once; `how` for people: `exit code 1`, `SIGKILL`. */
  onExit(listener: (how: string) => void): void;
  signal(name: "SIGKILL" | "SIGHUP"): void;
}

export interface PrimaryOptions extends TogetherOptions {
  readonly fork: () => WorkerProcess;
  /** A worker ended that was not told to. */
  readonly onLost: (how: string, restartInMs: number) => void;
  readonly now?: () => number;
}

interface Member {
  readonly number: number;
  readonly process: WorkerProcess;
  readonly since: number;
  address: Address | undefined;
}

interface State {
  readonly metrics: string;
  readonly readiness: Readiness;
}

/** One that has lived so long is replaced at once; others after a pause that doubles. */
const soundMs = 10_000;
const [firstPauseMs, lastPauseMs] = [200, 10_000];
/** What a worker does not tell in so long is left out. */
const answerMs = 2000;
const sweepMs = 1000;

export class Primary {
  readonly #options: PrimaryOptions;
  readonly #together: Together;
  readonly #now: () => number;
  readonly #members = new Map<number, Member>();
  readonly #asked = new Map<number, (state: State) => void>();
  readonly #pauses = new Set<NodeJS.Timeout>();
  readonly #sweep: NodeJS.Timeout;
  #lastAsked = 0;
  #pauseMs = firstPauseMs;
  #isStopping = false;
  #onEmpty = (): void => {};

  constructor(options: PrimaryOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#together = new Together(options);
    this.#sweep = setInterval(() => this.#together.check(), sweepMs);
    this.#sweep.unref();
  }

  /** How many there are at present. */
  get size(): number {
    return this.#members.size;
  }

  /** Resolves when all listen. One goes first: what keeps it from starting would keep the others, too. Rejects when it ends before. */
  async start(): Promise<Address> {
    const address = await this.#startOne(1);
    const others = Array.from({ length: this.#options.count - 1 }, (_, index) => this.#startOne(index + 2));
    await Promise.all(others);
    return address;
  }

  /** People know: workers may tell of more. */
  tellStarted(): void {
    for (const { process } of this.#members.values()) process.send({ kind: "started" });
  }

  /** Tells all to end; those that have not after so long are killed. */
  async stop(signal: string, graceMs: number): Promise<void> {
    this.#isStopping = true;
    clearInterval(this.#sweep);
    for (const pause of this.#pauses) clearTimeout(pause);
    const empty = new Promise<void>((resolve) => (this.#onEmpty = resolve));
    for (const { process } of this.#members.values()) process.send({ kind: "stop", signal });
    if (this.#members.size === 0) return;
    const timer = setTimeout(() => this.kill(), graceMs);
    await empty;
    clearTimeout(timer);
  }

  /** At once. */
  kill(): void {
    this.#isStopping = true;
    this.signal("SIGKILL");
  }

  /** To all. */
  signal(name: "SIGKILL" | "SIGHUP"): void {
    for (const { process } of this.#members.values()) process.signal(name);
  }

  async metrics(format: MetricsFormat): Promise<string> {
    const states = await this.#askAll(format);
    return mergeMetrics(new Map([...states].map(([number, { metrics }]) => [number, metrics])), format);
  }

  /** Ready as soon as one worker is: calls go to it. */
  async readiness(): Promise<Readiness> {
    if (this.#isStopping) return { ready: false, reasons: ["stopping"] };
    const states = [...(await this.#askAll()).values()].map(({ readiness }) => readiness);
    if (states.some(({ ready }) => ready)) return { ready: true, reasons: [] };
    const reasons = new Set(states.flatMap((state) => state.reasons));
    return { ready: false, reasons: reasons.size === 0 ? ["no worker answers"] : [...reasons] };
  }

  #startOne(number: number): Promise<Address> {
    return new Promise((resolve, reject) => {
      const process = this.#options.fork();
      const member: Member = { number, process, since: this.#now(), address: undefined };
      this.#members.set(number, member);
      process.onMessage((message) => {
        if (message.kind === "listening") {
          member.address = message.address;
          for (const bans of this.#together.bansInForce()) process.send(bans);
          resolve(message.address);
        } else this.#hear(message, process);
      });
      process.onExit((how) => {
        this.#members.delete(number);
        this.#together.slots.drop(process);
        reject(new Error(`worker ${number} ended before it listened: ${how}`));
        if (!this.#isStopping && member.address !== undefined) this.#replace(member, how);
        if (this.#members.size === 0) this.#onEmpty();
      });
    });
  }

  #hear(message: Exclude<FromWorker, { kind: "listening" }>, process: WorkerProcess): void {
    switch (message.kind) {
      case "state":
        this.#asked.get(message.id)?.(message);
        this.#asked.delete(message.id);
        break;
      case "charges":
        for (const bans of this.#together.charge(message.list)) this.#tellBans(bans, process);
        break;
      case "slots":
        this.#together.slots.hear(process, message.list);
        break;
      default:
        process.send(this.#together.answer(message));
    }
  }

  /** All, and who it was that heard the refusal which led to it. */
  #tellBans(bans: TellBans, by: WorkerProcess): void {
    for (const { process } of this.#members.values()) process.send({ ...bans, isOwn: process === by });
  }

  /** One that fails to start is tried again as well: its place is not lost for ever. */
  #replace({ number, since }: Pick<Member, "number" | "since">, how: string): void {
    if (this.#now() - since >= soundMs) this.#pauseMs = firstPauseMs;
    const pauseMs = this.#pauseMs;
    this.#pauseMs = Math.min(lastPauseMs, pauseMs * 2);
    this.#options.onLost(`worker ${number} ended: ${how}`, pauseMs);
    const pause = setTimeout(() => {
      this.#pauses.delete(pause);
      const again = { number, since: this.#now() };
      this.#startOne(number).catch((error: unknown) => {
        if (!this.#isStopping) this.#replace(again, error instanceof Error ? error.message : String(error));
      });
    }, pauseMs);
    this.#pauses.add(pause);
  }

  async #askAll(format: MetricsFormat = "prometheus"): Promise<Map<number, State>> {
    const members = [...this.#members.values()].filter(({ address }) => address !== undefined);
    const states = await Promise.all(
      members.map(async (member) => [member.number, await this.#ask(member.process, format)] as const),
    );
    return new Map(states.filter((pair): pair is readonly [number, State] => pair[1] !== undefined));
  }

  #ask(process: WorkerProcess, format: MetricsFormat): Promise<State | undefined> {
    return new Promise((resolve) => {
      const id = ++this.#lastAsked;
      const stopWaiting = afterOwnTime(answerMs, () => {
        this.#asked.delete(id);
        resolve(undefined);
      });
      this.#asked.set(id, (state) => {
        stopWaiting();
        resolve(state);
      });
      process.send({ kind: "ask", id, format });
    });
  }
}

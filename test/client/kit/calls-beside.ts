// Two calls beside a transcript's, one that can be resumed and one that cannot: whether anything is lost, and what a close does to them.
import { expect } from "chai";
import type { StreamCall } from "../../../src/client/client.ts";
import type { Frame } from "../fake-gateway.ts";
import type { Page } from "../fixture.ts";
import { infoOf } from "./methods.ts";
import { compareEnd, drain, onFailure } from "./outcome.ts";
import { bytesOf, toHex } from "./proto-frames.ts";
import type { ReplaySocket } from "./replay-server.ts";
import type { Verdict } from "./transcript.ts";

const names = ["resumable", "plain"] as const;
const watch = infoOf("Watch");

const readyAgain: Frame = {
  t: "ready",
  session: "again",
  maxStreams: 100,
  maxMessage: 1_048_576,
  upCredit: 32,
  upBytes: 4_194_304,
  pingMs: 25_000,
};

export class CallsBeside {
  readonly count = names.length;
  readonly #page: Page;
  readonly #form: "json" | "proto";
  readonly #calls: StreamCall<unknown>[] = [];

  constructor(page: Page, form: "json" | "proto") {
    this.#page = page;
    this.#form = form;
  }

  start(): void {
    for (const name of names) {
      const message = this.#message(name);
      const input = this.#form === "json" ? message : bytesOf(message);
      this.#calls.push(this.#page.client.stream(watch, input, { resume: name === "resumable" }));
    }
  }

  /** Returns the last stream id. */
  async hear(socket: ReplaySocket): Promise<number> {
    for (const [index, name] of names.entries()) {
      const open = await socket.next(index + 1);
      expect([open.t, open["method"], open["m"]]).to.deep.equal(["open", watch.name, this.#message(name)]);
    }
    return names.length;
  }

  /** Nothing has happened to them. */
  async goOn(socket: ReplaySocket): Promise<void> {
    for (const [index, call] of this.#calls.entries()) await this.#finish(socket, index + 1, call);
  }

  /** The socket was closed. */
  async comeBack(verdict: Verdict, accept: () => Promise<ReplaySocket>): Promise<void> {
    const [resumable, plain] = this.#calls;
    const again: readonly StreamCall<unknown>[] = { none: [], resumable: [resumable], both: [resumable, plain] }[
      verdict.again
    ];
    for (const call of this.#calls)
      if (!again.includes(call)) {
        await compareEnd(call, { code: verdict.code, reason: verdict.reason });
        await drain(call, onFailure({ code: verdict.code }));
      }
    if (again.length === 0) {
      expect(this.#page.pauses).to.deep.equal([]);
      return;
    }
    const socket = await accept();
    socket.send(readyAgain);
    for (let id = 1; id <= again.length; id++) {
      const { m } = await socket.next(id);
      const index = names.findIndex((name) => JSON.stringify(this.#message(name)) === JSON.stringify(m));
      await this.#finish(socket, id, this.#calls[index]);
    }
  }

  #message(room: string): unknown {
    if (this.#form === "json") return { room };
    return Buffer.concat([Buffer.from([10, room.length]), Buffer.from(room)]).toString("hex");
  }

  /** A call that is as it was: a message, and a good end. */
  async #finish(socket: ReplaySocket, id: number, call: StreamCall<unknown>): Promise<void> {
    const last = this.#message("last");
    socket.send({ t: "msg", id, m: last });
    socket.send({ t: "status", id, code: 0, status: "OK" });
    const messages = await drain(call);
    expect(messages.map(toHex)).to.deep.equal([last]);
  }
}

// Plays the server of a transcript to the client, calls what the transcript says the application calls, and compares both ends.
import { expect } from "chai";
import { checkMetadata } from "../../../src/client/check-metadata.ts";
import { Deferred } from "../../../src/client/deferred.ts";
import type { Metadata, MethodInfo, SingleCall, StreamCall } from "../../../src/client/client.ts";
import { jsonCodec } from "../../../src/client/frames.ts";
import { protoCodec } from "../../../src/client/proto-codec.ts";
import type { Frame } from "../fake-gateway.ts";
import { openPage } from "../fixture.ts";
import type { Page } from "../fixture.ts";
import { CallsBeside } from "./calls-beside.ts";
import { Feed } from "./feed.ts";
import { infoOf, takesMany } from "./methods.ts";
import { compareEnd, drain, onFailure } from "./outcome.ts";
import { bytesOf, streamOf, toHex, varint } from "./proto-frames.ts";
import type { ReplayServer, ReplaySocket } from "./replay-server.ts";
import type { KitCall, MuxStep, MuxTranscript } from "./transcript.ts";

interface Running {
  readonly kit: KitCall;
  readonly info: MethodInfo;
  readonly call: SingleCall<unknown> | StreamCall<unknown>;
  readonly feed: Feed;
  /** The client's id of the stream. */
  readonly id: number;
  /** How many of the requests the client was given. */
  fed: number;
  /** How many messages the server has sent. */
  sent: number;
  readonly taken: unknown[];
}

/** Nothing of what the client refuses by itself: there the server's words are all that is left to look at. */
function toSendable(metadata: unknown): Metadata | undefined {
  try {
    checkMetadata(metadata);
    return metadata as Metadata | undefined;
  } catch {
    return undefined;
  }
}

export class Player {
  readonly #transcript: MuxTranscript;
  readonly #server: ReplayServer;
  readonly #page: Page;
  readonly #running = new Map<number, Running>();
  readonly #beside: CallsBeside;
  readonly #sockets: ReplaySocket[] = [];
  /** The client has read `ready`. */
  readonly #ready = new Deferred<void>();
  #socket!: ReplaySocket;
  /** The client's last id. */
  #lastId = 0;

  constructor(transcript: MuxTranscript, server: ReplayServer) {
    this.#transcript = transcript;
    this.#server = server;
    const tokens = this.#tokens();
    const codec = transcript.form === "json" ? jsonCodec : protoCodec;
    this.#page = openPage(
      server.url,
      {
        getToken: () => tokens.shift(),
        onConnection: (state) => state === "ready" && this.#ready.resolve(),
        metadata: toSendable(this.#ours("init")[0]?.["metadata"]),
      },
      { codec },
    );
    this.#beside = new CallsBeside(this.#page, transcript.form);
  }

  async play(): Promise<void> {
    await this.#begin();
    for (const [index, step] of this.#transcript.steps.entries()) {
      try {
        await this.#perform(step);
      } catch (error) {
        if (error instanceof Error) error.message = `step ${index + 1}: ${error.message}`;
        throw error;
      }
    }
    for (const running of this.#running.values()) await this.#compare(running);
    expect([...this.#running.keys()]).to.deep.equal(this.#transcript.run.calls.map(({ id }) => id));
    const { close } = this.#transcript.run;
    if (close === undefined) await this.#beside.goOn(this.#socket);
    else await this.#beside.comeBack(close, () => this.#accept());
    expect(this.#server.count).to.equal(close === undefined || close.again === "none" ? 1 : 2);
    for (const { faults } of this.#sockets) expect(faults).to.deep.equal([]);
  }

  end(): void {
    this.#page.client.close();
  }

  #ours(t: string): readonly Frame[] {
    return this.#transcript.steps.flatMap((step) => ("ours" in step && step.ours.t === t ? [step.ours] : []));
  }

  /** What `getToken` gives, attempt by attempt. */
  #tokens(): string[] {
    const auths = [...this.#ours("init"), ...this.#ours("auth")].flatMap(({ auth }) =>
      typeof auth === "string" ? [auth.replace(/^Bearer /, "")] : [],
    );
    const { token } = this.#transcript.run;
    return [...(token === undefined ? [] : [token]), ...auths, "next-1", "next-2"];
  }

  /** The calls beside open the socket, and are the first two streams of it. */
  async #begin(): Promise<void> {
    this.#beside.start();
    this.#socket = await this.#accept();
    this.#lastId = await this.#beside.hear(this.#socket);
  }

  async #accept(): Promise<ReplaySocket> {
    const socket = await this.#server.accept();
    this.#sockets.push(socket);
    expect(socket.form).to.equal(this.#transcript.form);
    const init = await socket.next(0);
    expect(init.t).to.equal("init");
    if (this.#sockets.length > 1) expect(init["auth"]).to.match(/^Bearer next-/);
    else {
      const [wanted] = this.#ours("init");
      const token = this.#transcript.run.token;
      if (token !== undefined) expect(init["auth"]).to.equal(`Bearer ${token}`);
      if (wanted?.["auth"] !== undefined) expect(init["auth"]).to.equal(wanted["auth"]);
      if (wanted?.["metadata"] !== undefined && this.#transcript.form === "json")
        expect(init["metadata"]).to.deep.equal(toSendable(wanted["metadata"]));
    }
    return socket;
  }

  async #perform(step: MuxStep): Promise<void> {
    if ("close" in step) this.#close(step.close);
    else if ("bytes" in step) await this.#sayBytes(step.bytes);
    else if ("theirs" in step) await this.#say(step.theirs);
    else if (step.ours.t === "open") await this.#open(step.ours, step.isSkipped);
    else if (!step.isSkipped && step.ours.t !== "init") await this.#hear(step.ours);
  }

  #close({ code, reason }: { readonly code: number; readonly reason?: string }): void {
    // Whatever the transcript's client did wrong, this one has not.
    for (const { id } of this.#running.values()) expect(this.#socket.waiting(id)).to.equal(0);
    this.#socket.close(code, reason);
  }

  async #sayBytes(bytes: Buffer): Promise<void> {
    const { id: written, end } = streamOf(bytes);
    const isMessage = bytes[0] === 5;
    const id = written === 0 ? 0 : this.#deliver(written, isMessage);
    if (isMessage) this.#socket.send({ t: "msg", id, m: this.#reply({ t: "msg", id: written }) });
    else this.#socket.sendBytes(Buffer.concat([bytes.subarray(0, 1), varint(id), bytes.subarray(end)]));
    if (bytes[0] === 14) await this.#sync();
  }

  /** Until the client has read what was said. */
  async #sync(): Promise<void> {
    if (this.#transcript.form === "json") this.#socket.send({ t: "ping" });
    else this.#socket.sendBytes(Buffer.from([13, 0]));
    expect((await this.#socket.next(0)).t).to.equal("pong");
  }

  /** The server's frame, for the client's streams. */
  async #say(frame: Frame): Promise<void> {
    if (frame.t === "ready") {
      const most = frame["maxStreams"] as number;
      this.#socket.send({ ...frame, maxStreams: most + this.#beside.count });
      await this.#ready.promise;
    } else if (frame.t === "goaway") {
      const lastId = frame["lastId"] === 0 ? 0 : this.#lastId;
      this.#socket.send({ ...frame, lastId });
    } else if (frame["id"] === undefined || frame["id"] === 0) {
      this.#socket.send(frame);
      if (frame.t === "pong") await this.#sync();
    } else {
      const id = this.#deliver(frame["id"] as number, frame.t === "msg");
      this.#socket.send({ ...frame, id, ...(frame.t === "msg" ? { m: this.#reply(frame) } : {}) });
      const call = this.#running.get(frame["id"] as number)?.call;
      if (frame.t === "status") await call?.status;
      if (frame.t === "head") await call?.headers;
    }
  }

  /** By path the reply is what `response_body` names, by method all of it; what the application gets is said in `shows`. */
  #reply(frame: Frame): unknown {
    const running = this.#running.get(frame["id"] as number);
    return running === undefined ? frame["m"] : running.kit.shows.messages?.[running.sent - 1];
  }

  /** The client's id for the transcript's; one that the client has never opened where it did not. */
  #deliver(id: number, isMessage: boolean): number {
    const running = this.#running.get(id);
    if (running !== undefined && isMessage) running.sent += 1;
    return running?.id ?? 1_000_000 + (id % 1000);
  }

  async #open(frame: Frame, isSkipped: boolean): Promise<void> {
    const kit = this.#transcript.run.calls.find((call) => call.id === frame["id"]);
    if (kit === undefined || this.#running.has(kit.id)) return;
    const info = infoOf(kit.method);
    const feed = new Feed();
    const isMany = takesMany(info);
    const isSingle = info.kind === "unary" || info.kind === "client-streaming";
    const { window } = kit;
    const metadata = toSendable(kit.metadata);
    const options = { metadata, ...(window === undefined ? {} : { window, maxWindow: window }) };
    const input = isMany ? feed : this.#input(kit.requests[0]);
    const { client } = this.#page;
    const call = isSingle ? client.single(info, input, options) : client.stream(info, input, options);
    if (isSingle) (call as SingleCall<unknown>).catch(() => {});
    const running: Running = { kit, info, call, feed, id: ++this.#lastId, fed: 0, sent: 0, taken: [] };
    this.#running.set(kit.id, running);
    const open = await this.#nextOf(running);
    if (open === undefined) return;
    expect([open.t, open["method"]]).to.deep.equal(["open", info.name]);
    if (this.#transcript.form === "json") expect(open["metadata"]).to.deep.equal(metadata);
    expect(open["credit"]).to.be.greaterThan(0);
    if (window !== undefined) expect(open["credit"]).to.equal(window);
    expect([open["m"], open["end"] === true]).to.deep.equal(isMany ? [undefined, false] : [kit.requests[0], true]);
    if (frame["m"] !== undefined && kit.requests.length > 0) await this.#upload(running);
    if (frame["end"] === true && !isSkipped) await this.#halfClose(running);
  }

  /** The client's frame, where the transcript has one. */
  async #hear(frame: Frame): Promise<void> {
    if (frame.t === "ping") {
      // Until here the application has taken nothing, and so nothing was granted.
      for (const { id, kit, sent, taken } of this.#running.values())
        if (kit.window === 1 && sent > taken.length) expect(this.#socket.waitingCredit(id)).to.equal(0);
      this.#page.wake();
      expect((await this.#socket.next(0)).t).to.equal("ping");
    } else if (frame.t === "auth") {
      this.#socket.send({ t: "expiring", what: "auth", at: 7 });
      const { t, auth } = await this.#socket.next(0);
      expect({ t, auth }).to.deep.equal({ t: "auth", auth: frame["auth"] });
    } else {
      const running = this.#running.get(frame["id"] as number);
      if (running === undefined) throw new Error(`the transcript has no call for ${JSON.stringify(frame)}`);
      await this.#hearOf(running, frame);
    }
  }

  async #hearOf(running: Running, frame: Frame): Promise<void> {
    if (frame.t === "msg") await this.#upload(running);
    else if (frame.t === "end") await this.#halfClose(running);
    else if (frame.t === "credit") await this.#take(running);
    else {
      const reason = frame["reason"] as string | undefined;
      running.call.cancel(reason);
      const cancel = await this.#socket.next(running.id);
      expect([cancel.t, cancel["reason"]]).to.deep.equal(["cancel", reason]);
    }
  }

  /** The next of the requests; the only one is in `open`. */
  async #upload(running: Running): Promise<void> {
    if (!takesMany(running.info)) return;
    const message = running.kit.requests[running.fed++];
    running.feed.give({ done: false, value: this.#input(message) });
    const next = await this.#nextOf(running);
    if (next !== undefined) expect([next.t, next["m"]]).to.deep.equal(["msg", message]);
  }

  /** Undefined when the client has ended the call instead: it knows what is too large, and does not even send that. */
  async #nextOf({ id, call, kit }: Running): Promise<Frame | undefined> {
    const next = await Promise.race([this.#socket.next(id), call.status]);
    if ("t" in next) return next;
    expect(next.code).to.equal(kit.shows.code);
    return undefined;
  }

  async #halfClose(running: Running): Promise<void> {
    if (!takesMany(running.info)) return;
    running.feed.give({ done: true, value: undefined });
    expect((await this.#socket.next(running.id)).t).to.equal("end");
  }

  /** The application takes what has come: the client grants anew. */
  async #take(running: Running): Promise<void> {
    if (running.sent === running.taken.length) return;
    while (running.taken.length < running.sent)
      running.taken.push(toHex((await (running.call as StreamCall<unknown>).next()).value));
    expect((await this.#socket.nextCredit(running.id))["n"]).to.be.greaterThan(0);
  }

  #input(message: unknown): unknown {
    return this.#transcript.form === "json" ? message : bytesOf(message);
  }

  async #compare({ kit: { shows }, call, info, taken, sent }: Running): Promise<void> {
    if (shows.headers !== undefined) expect(await call.headers).to.deep.equal(shows.headers);
    if (shows.open === true) {
      expect(await Promise.race([call.status, Promise.resolve("open")])).to.equal("open");
      return;
    }
    await compareEnd(call, shows);
    if (info.kind === "unary" || info.kind === "client-streaming") {
      const reply = await (call as SingleCall<unknown>).then((value) => [value], onFailure(shows));
      expect(reply).to.deep.equal(shows.messages ?? []);
      return;
    }
    // After `cancel` nothing is handed on.
    if (shows.code === 1 && sent > taken.length) return;
    const rest = await drain(call as StreamCall<unknown>, onFailure(shows));
    expect([...taken, ...rest.map((message) => toHex(message))]).to.deep.equal(shows.messages ?? []);
  }
}

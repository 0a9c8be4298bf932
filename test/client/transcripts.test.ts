// Every transcript of test/protocol, played from the server's side to the browser client: test/protocol/README.md says how. What is
// simple mode there is the same call in multiplexed mode here, and over fetch where it is a stream of the server.
import { readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { expect } from "chai";
import { protoCodec } from "../../src/client/proto-codec.ts";
import { collect, failureOf, openPage } from "./fixture.ts";
import { infoOf } from "./kit/methods.ts";
import { compareEnd } from "./kit/outcome.ts";
import { Player } from "./kit/player.ts";
import { startReplayServer } from "./kit/replay-server.ts";
import type { ReplayServer } from "./kit/replay-server.ts";
import { ofMux, ofSimple, readTranscripts } from "./kit/transcript.ts";
import type { ClientRun, MuxTranscript, Transcript } from "./kit/transcript.ts";

const mux = readTranscripts("mux");
const simple = readTranscripts("simple");
const all = [...mux, ...simple];

const hasRun = ({ client }: Transcript): boolean => !("none" in client);
const isRefusal = ({ steps }: Transcript): boolean => "expectHttp" in steps[0];

/** Streams of the server in JSON, asked for as the transcript's path does: lines of JSON say what frames say. */
function isForFetch({ given, steps, client }: Transcript): boolean {
  if ("none" in client || given.page !== undefined || given.protocols !== undefined) return false;
  // An envelope of WebSocket's alone.
  if (given.options?.envelope !== undefined) return false;
  const [call] = client.calls;
  if (call === undefined || infoOf(call.method).http === undefined || given.path.includes("$alt")) return false;
  return steps.every((step) => step.fault !== true && !("expectHttp" in step) && !("close" in step));
}

/** What frames say, as a line of JSON: but for the reply's metadata, which HTTP has a place for. */
function toLine(step: Readonly<Record<string, unknown>>): string[] {
  if ("expect" in step) return "@head" in (step["expect"] as object) ? [] : [JSON.stringify(step["expect"])];
  if (!("expectStatus" in step)) return [];
  const { reason, ...status } = step["expectStatus"] as { readonly reason: string };
  const details = [{ "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason, domain: "sluice" }];
  return [JSON.stringify({ "@status": { ...status, message: "as the server puts it", details } })];
}

describe("the browser client in the transcripts", () => {
  let server: ReplayServer;
  let player: Player | undefined;

  beforeEach(async () => {
    server = await startReplayServer();
  });

  afterEach(() => {
    player?.end();
    player = undefined;
    server.close();
  });

  const play = (transcript: MuxTranscript): Promise<void> => {
    player = new Player(transcript, server);
    return player.play();
  };

  const played = all.filter(hasRun).length;
  const fetched = simple.filter(isForFetch).length;
  it(`are ${played} of ${all.length}, ${fetched} of them over fetch as well; the others say why there is nothing for a client to do`, () => {
    const ofMode = (transcripts: readonly Transcript[]): number => transcripts.filter(hasRun).length;
    expect(readFileSync("test/protocol/README.md", "utf8")).to.contain(
      `${all.length} transcripts: all run against the gateway, ${played} against the client (${ofMode(mux)} of \`mux/\`, ` +
        `${ofMode(simple)} of \`simple/\`, ${fetched} of these over fetch as well)`,
    );
    const others = all.flatMap(({ file, name, client }) => ("none" in client ? [`${file}: ${name}`] : []));
    expect(others).to.deep.equal([
      "simple/handshake.json: no sub-protocol is needed",
      "simple/handshake.json: the first known sub-protocol in the client's order is agreed to",
      "simple/handshake.json: a page of the server's own origin is let in",
      "simple/handshake.json: a page of a listed origin is let in",
      "simple/handshake.json: a rule for custom kind websocket needs none",
    ]);
  });

  for (const transcript of mux.filter(hasRun))
    it(`${transcript.file}: ${transcript.name}`, () => play(ofMux(transcript)));

  for (const transcript of simple.filter((each) => hasRun(each) && !isRefusal(each)))
    it(`${transcript.file}: ${transcript.name}`, () => play(ofSimple(transcript)));

  for (const transcript of simple.filter((each) => hasRun(each) && isRefusal(each)))
    it(`${transcript.file}: ${transcript.name}`, () => beRefused(transcript));

  for (const transcript of simple.filter(isForFetch))
    it(`${transcript.file}, over fetch: ${transcript.name}`, () => playOverFetch(transcript));

  /** A page cannot read why a handshake failed: a call that fetch can carry gets the answer from there, others end. */
  async function beRefused({ steps, client }: Transcript): Promise<void> {
    const { status, reason } = steps[0]["expectHttp"] as { readonly status: number; readonly reason: string };
    const [alone, fetched] = (client as ClientRun).calls;
    const details = [{ "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason, domain: "sluice" }];
    const body = JSON.stringify({ code: fetched.shows.code, message: "as the server puts it", details });
    const refuse = (_: IncomingMessage, response: ServerResponse): void => {
      response.writeHead(status, { "content-type": "application/json" }).end(body);
    };
    server.refuse(refuse);
    server.answer(refuse);
    const { client: page } = openPage(server.url, { fetch });
    const lost = page.stream(infoOf(alone.method), []);
    const told = page.stream(infoOf(fetched.method), fetched.requests[0]);
    expect((await failureOf(collect(lost))).code).to.equal(alone.shows.code);
    await failureOf(collect(told));
    await compareEnd(told, fetched.shows);
    page.close();
  }

  async function playOverFetch({ given, steps, client }: Transcript): Promise<void> {
    const [{ method, requests, shows }] = (client as ClientRun).calls;
    const info = infoOf(method);
    server.refuse((_, response) => response.writeHead(400).end());
    const asked = new Promise<string>((resolve) =>
      server.answer((request, response) => {
        resolve(`${request.method} ${request.url}`);
        for (const line of steps.flatMap(toLine)) response.write(`${line}\n`);
        response.end();
      }),
    );
    const page = openPage(server.url, { fetch });
    const seen: unknown[] = [];
    const call = page.client.stream(info, requests[0]);
    try {
      for await (const message of call) seen.push(message);
    } catch {
      // Compared below.
    }
    await compareEnd(call, shows);
    expect(seen).to.deep.equal(shows.messages ?? []);
    const [wanted, found] = [`${info.http!.verb} ${given.path.replace(/[?&]\$head=1/, "")}`, await asked];
    expect(decodeURIComponent(found.replace(/[?&]\$alt=ndjson$/, ""))).to.equal(decodeURIComponent(wanted));
    page.client.close();
  }
});

describe("the proto form in the transcripts", () => {
  const frames = mux.flatMap(({ steps }) =>
    steps.flatMap(({ expectBinary }) =>
      typeof expectBinary === "string" && !expectBinary.endsWith("*") ? [expectBinary] : [],
    ),
  );

  it("is read by the client", () => {
    expect(frames.length).to.be.greaterThan(5);
    for (const hex of frames) {
      const bytes = Buffer.from(hex, "hex");
      const frame = protoCodec.decode(new Uint8Array(bytes).buffer);
      expect(["head", "msg", "credit", "status", "pong", "ready", "goaway", "expiring"], hex).to.include(frame.t);
      if (frame.t === "msg")
        expect(Buffer.from(frame.m as Uint8Array).toString("hex")).to.equal(
          hex.slice(-2 * (frame.m as Uint8Array).length),
        );
      if (frame.t === "head") expect(frame.metadata).to.deep.equal({ "x-kit": ["1", "2"] });
    }
  });

  it("writes what the transcripts write", () => {
    const written = protoCodec.encode({ t: "credit", id: 150, n: 64 });
    expect(Buffer.from(written as Uint8Array).toString("hex")).to.equal("0696014840");
    const open = protoCodec.encode({
      t: "open",
      id: 1,
      method: "kit.v1.Kit/Talk",
      credit: 9,
      m: Buffer.from("0a01371a0568656c6c6f", "hex"),
    });
    expect(Buffer.from(open as Uint8Array).toString("hex")).to.equal(
      "0301220f6b69742e76312e4b69742f54616c6b3009420a0a01371a0568656c6c6f",
    );
    expect(Buffer.from(protoCodec.encode({ t: "end", id: 1 }) as Uint8Array).toString("hex")).to.equal("0701");
  });

  it("throws for what is cut", () => {
    expect(() => protoCodec.decode("5")).to.throw(TypeError);
    for (const hex of ["", "05", "0980", "09017a11", "0901ff"])
      expect(() => protoCodec.decode(new Uint8Array(Buffer.from(hex, "hex")).buffer), hex).to.throw(RangeError);
  });
});

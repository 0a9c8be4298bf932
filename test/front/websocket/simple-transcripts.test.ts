// Runs the transcripts of test/protocol/simple against the gateway, as test/protocol/README.md says.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { strictWebSocket } from "../../../src/front/websocket/options.ts";
import type { SocketLimits, WebSocketOptions } from "../../../src/front/websocket/options.ts";
import type { KitCall } from "./kit-service.ts";
import type { KitClient, KitFixture } from "./kit.ts";
import { Refused, startKit } from "./kit.ts";

interface Given {
  readonly path: string;
  readonly protocols?: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly page?: string;
  readonly options?: Partial<Omit<WebSocketOptions, "socket">> & { readonly socket?: Partial<SocketLimits> };
}

interface Transcript {
  readonly name: string;
  readonly given: Given;
  readonly steps: readonly Readonly<Record<string, unknown>>[];
}

const folder = join("test", "protocol", "simple");

function readTranscripts(file: string): readonly Transcript[] {
  const content = JSON.parse(readFileSync(join(folder, file), "utf8")) as Transcript | readonly Transcript[];
  return Array.isArray(content) ? (content as readonly Transcript[]) : [content as Transcript];
}

/** What is under way while a transcript is run. */
interface Run {
  readonly kit: KitFixture;
  readonly client: KitClient;
  readonly call: Promise<KitCall>;
}

type Step = (run: Run, value: never) => Promise<void>;

interface Status {
  readonly code: number;
  readonly status: string;
  readonly reason: string;
}

function reasonsOf(details: readonly { readonly reason?: string }[]): readonly (string | undefined)[] {
  return details.map(({ reason }) => reason);
}

const steps: Readonly<Record<string, Step>> = {
  send: async ({ client }, value: unknown) => client.socket.send(JSON.stringify(value)),
  sendText: async ({ client }, text: string) => client.socket.send(text),
  sendBinary: async ({ client }, hex: string) => client.socket.send(Buffer.from(hex, "hex")),
  async expect({ client }, value: unknown) {
    expect(JSON.parse(await client.nextText())).to.deep.equal(value);
  },
  async expectText({ client }, text: string) {
    expect(await client.nextText()).to.equal(text);
  },
  async expectBinary({ client }, hex: string) {
    const frame = await client.next();
    expect("binary" in frame ? frame.binary.toString("hex") : frame.text).to.equal(hex);
  },
  async expectStatus({ client }, wanted: Status) {
    const { "@status": status } = JSON.parse(await client.nextText()) as {
      "@status": { code: number; status: string; details: readonly { reason?: string }[] };
    };
    expect([status.code, status.status]).to.deep.equal([wanted.code, wanted.status]);
    expect(reasonsOf(status.details)).to.include(wanted.reason);
  },
  async expectProtocol({ client }, name: string) {
    expect(client.protocol).to.equal(name);
  },
  async expectBackend({ call }, { method, messages }: { method: string; messages: readonly unknown[] }) {
    const seen = await call;
    expect(seen.method).to.equal(method);
    while (seen.received.length < messages.length) await new Promise(setImmediate);
    expect(seen.received.map((json): unknown => JSON.parse(json))).to.deep.equal(messages);
  },
  expectCancelled: async ({ call }) => void (await (await call).cancelled),
  stop: async ({ kit }) => kit.front.drain(),
  close: async ({ client }, { code }: { code: number }) => client.socket.close(code),
  async expectClose({ client }, { code, reason }: { code: number; reason?: string }) {
    const end = await client.rest();
    expect([end.frames, end.code]).to.deep.equal([[], code]);
    if (reason !== undefined) expect(end.reason).to.equal(reason);
  },
};

async function perform(kit: KitFixture, { given, steps: wanted }: Transcript): Promise<void> {
  const { path, protocols, headers, page } = given;
  const origin = page === "own" ? `http://${kit.host}:${kit.port}` : page;
  const call = kit.nextCall();
  const opening = kit.connect(path, protocols, {
    headers: { ...headers, ...(origin === undefined ? {} : { origin }) },
  });
  const [first] = wanted;
  if ("expectHttp" in first) {
    const { status, reason } = first["expectHttp"] as { status: number; reason: string };
    const refusal = await opening.catch((error: unknown) => error);
    if (!(refusal instanceof Refused)) throw new Error("the handshake was not refused");
    const { details } = JSON.parse(refusal.body) as { details: readonly { reason?: string }[] };
    expect([refusal.status, ...reasonsOf(details)]).to.include.members([status, reason]);
    return;
  }
  const run = { kit, client: await opening, call };
  for (const step of wanted) {
    const [[name, value]] = Object.entries(step);
    if (steps[name] === undefined) throw new Error(`there is no step "${name}"`);
    await steps[name](run, value as never);
  }
}

describe("the transcripts of simple mode", () => {
  let kit: KitFixture;
  afterEach(() => kit.close());

  for (const file of readdirSync(folder).filter((name) => name.endsWith(".json"))) {
    describe(file, () => {
      for (const transcript of readTranscripts(file)) {
        it(transcript.name, async () => {
          const { socket, ...options } = transcript.given.options ?? {};
          kit = await startKit({ options: { ...options, socket: { ...strictWebSocket.socket, ...socket } } });
          await perform(kit, transcript);
        });
      }
    });
  }
});

// Runs the transcripts of test/protocol/mux against the gateway, as test/protocol/README.md says.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { strictWebSocket } from "../../../src/front/websocket/options.ts";
import type { SocketLimits, WebSocketOptions } from "../../../src/front/websocket/options.ts";
import { startKit } from "./kit.ts";
import type { KitClient, KitFixture } from "./kit.ts";

type Step =
  | { readonly send: unknown }
  | { readonly sendText: string }
  | { readonly sendBinary: string }
  | { readonly expect: unknown; readonly save?: string }
  | { readonly expectBinary: string }
  | { readonly stop: true }
  | { readonly expectClose: { readonly code: number; readonly reason?: string } };

interface Transcript {
  readonly name: string;
  readonly given: {
    readonly path: string;
    readonly protocols: readonly string[];
    readonly options?: Partial<Omit<WebSocketOptions, "socket">> & { readonly socket?: Partial<SocketLimits> };
  };
  readonly steps: readonly Step[];
}

const folder = join("test", "protocol", "mux");

/** What `save` kept, by `$name`. */
type Saved = Map<string, unknown>;

async function perform(kit: KitFixture, { given, steps }: Transcript): Promise<void> {
  const client = await kit.connect(given.path, given.protocols);
  const saved: Saved = new Map();
  for (const [index, step] of steps.entries()) {
    try {
      if ("stop" in step) kit.front.drain();
      else await performStep(client, step, saved);
    } catch (error) {
      if (error instanceof Error) error.message = `step ${index + 1}: ${error.message}`;
      throw error;
    }
  }
}

async function performStep(client: KitClient, step: Exclude<Step, { stop: true }>, saved: Saved): Promise<void> {
  if ("send" in step) client.socket.send(JSON.stringify(step.send));
  else if ("sendText" in step) client.socket.send(step.sendText);
  else if ("sendBinary" in step) client.socket.send(Buffer.from(step.sendBinary, "hex"));
  else if ("expect" in step) {
    const frame = JSON.parse(await client.nextText()) as Readonly<Record<string, unknown>>;
    expect(fill(frame, step.expect, saved)).to.deep.equal(step.expect);
    if (step.save !== undefined) saved.set(`$${step.save}`, frame[step.save]);
  } else if ("expectBinary" in step) await expectBytes(client, step.expectBinary);
  else {
    const { frames, code, reason } = await client.rest();
    expect({ frames, code }, reason).to.deep.equal({ frames: [], code: step.expectClose.code });
    if (step.expectClose.reason !== undefined) expect(reason).to.equal(step.expectClose.reason);
  }
}

async function expectBytes(client: KitClient, hex: string): Promise<void> {
  const frame = await client.next();
  const found = "binary" in frame ? frame.binary.toString("hex") : `the text ${frame.text}`;
  if (hex.endsWith("*")) expect(found.slice(0, hex.length - 1)).to.equal(hex.slice(0, -1));
  else expect(found).to.equal(hex);
}

/** What was found, with `"*"` and saved values in the places that they were wanted in, if they fit. */
function fill(found: unknown, wanted: unknown, saved: ReadonlyMap<string, unknown>): unknown {
  if (wanted === "*") return found === undefined ? found : "*";
  if (typeof wanted === "string" && saved.has(wanted)) return saved.get(wanted) === found ? wanted : found;
  if (Array.isArray(found) && Array.isArray(wanted))
    return found.map((entry, index) => fill(entry, (wanted as unknown[])[index], saved));
  if (!isObject(found) || !isObject(wanted)) return found;
  return Object.fromEntries(Object.entries(found).map(([key, value]) => [key, fill(value, wanted[key], saved)]));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

describe("the transcripts of multiplexed mode", () => {
  let kit: KitFixture;
  afterEach(() => kit.close());

  for (const file of readdirSync(folder).filter((name) => name.endsWith(".json"))) {
    describe(file, () => {
      for (const transcript of JSON.parse(readFileSync(join(folder, file), "utf8")) as readonly Transcript[]) {
        it(transcript.name, async () => {
          const { socket, ...options } = transcript.given.options ?? {};
          kit = await startKit({ options: { ...options, socket: { ...strictWebSocket.socket, ...socket } } });
          await perform(kit, transcript);
          expect(kit.reports).to.deep.equal([]);
        });
      }
    });
  }
});

// The transcripts of test/protocol as the client's side of them: simple mode's in the words of the multiplexed mode, which the client speaks.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readProtoFrame } from "../../../src/front/websocket/mux-proto-read.ts";
import type { Frame } from "../fake-gateway.ts";

/** What the application calls, and what it is shown. Protobuf messages are hex. */
export interface KitCall {
  readonly id: number;
  readonly method: string;
  readonly requests: readonly unknown[];
  readonly window?: number;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly shows: Shows;
}

export interface Shows {
  readonly headers?: unknown;
  readonly messages?: readonly unknown[];
  readonly code?: number;
  readonly message?: string;
  readonly reason?: string;
  readonly trailers?: unknown;
  readonly open?: true;
}

/** What becomes of the two calls beside when the socket is closed. */
export interface Verdict {
  readonly code?: number;
  readonly reason?: string;
  readonly again: "none" | "resumable" | "both";
}

export interface ClientRun {
  readonly token?: string;
  readonly calls: readonly KitCall[];
  readonly close?: Verdict;
}

/** A step as this runner performs it: the client's frame, the server's frame, or the server's close. */
export type MuxStep =
  | { readonly ours: Frame; readonly isSkipped: boolean }
  | { readonly theirs: Frame }
  | { readonly bytes: Buffer }
  | { readonly close: { readonly code: number; readonly reason?: string } };

export interface MuxTranscript {
  readonly form: "json" | "proto";
  readonly run: ClientRun;
  readonly steps: readonly MuxStep[];
}

type Step = Readonly<Record<string, unknown>> & { readonly fault?: true; readonly optional?: true };

export interface Transcript {
  readonly file: string;
  readonly name: string;
  readonly given: {
    readonly path: string;
    readonly protocols?: readonly string[];
    readonly page?: string;
    readonly options?: { readonly envelope?: string; readonly socket?: { readonly maxMessageBytes?: number } };
  };
  readonly steps: readonly Step[];
  /** `none`: why there is nothing that a client does about it. */
  readonly client: ClientRun | { readonly none: string };
}

export function readTranscripts(mode: "mux" | "simple"): readonly Transcript[] {
  const folder = join("test", "protocol", mode);
  return readdirSync(folder)
    .filter((file) => file.endsWith(".json"))
    .flatMap((file) => {
      const content = JSON.parse(readFileSync(join(folder, file), "utf8")) as Transcript | readonly Transcript[];
      return [content].flat().map((transcript) => ({ ...transcript, file: `${mode}/${file}` }));
    });
}

export function ofMux({ given, steps, client }: Transcript): MuxTranscript {
  const form = given.protocols?.[0] === "sluice.mux.v1.proto" ? "proto" : "json";
  return { form, run: client as ClientRun, steps: steps.flatMap((step) => toMuxStep(step)) };
}

function toMuxStep(step: Step): readonly MuxStep[] {
  const isSkipped = step.fault === true || step.optional === true;
  // The kit's server stops; the client's runs without knowing.
  if ("stop" in step) return [];
  if ("expect" in step) return [{ theirs: concrete(step["expect"]) as Frame }];
  if ("expectBinary" in step) return [ofBytes(step["expectBinary"] as string)];
  if ("expectClose" in step) return [{ close: step["expectClose"] as { code: number } }];
  if ("send" in step) return [{ ours: step["send"] as Frame, isSkipped }];
  // Bytes that nobody can read, and text that is no frame, are faults whatever they say.
  if (isSkipped) return [{ ours: { t: "nothing" }, isSkipped }];
  if (!("sendBinary" in step)) throw new Error(`there is no step ${JSON.stringify(step)} for a client`);
  const { kind, message, ...frame } = readProtoFrame(Buffer.from(step["sendBinary"] as string, "hex")) as Readonly<
    Record<string, unknown>
  > & { readonly kind: string; readonly message?: Buffer };
  return [{ ours: { ...frame, t: kind, ...(message === undefined ? {} : { m: message.toString("hex") }) }, isSkipped }];
}

function ofBytes(hex: string): MuxStep {
  return hex.startsWith("0200") ? { theirs: readyFrame({}) } : { bytes: Buffer.from(hex, "hex") };
}

/** What a `"*"` stands for does not matter to a client. */
const examples: Readonly<Record<string, unknown>> = {
  message: "as the server puts it",
  details: [],
  description: "why",
};

function concrete(value: unknown, key = ""): unknown {
  if (value === "*") return key in examples ? examples[key] : key === "session" ? "s" : 7;
  if (typeof value === "string" && value.startsWith("$")) return "s";
  if (Array.isArray(value)) return value.map((entry) => concrete(entry));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, concrete(inner, name)]));
}

function readyFrame({ maxMessageBytes = 1_048_576 }: { readonly maxMessageBytes?: number }): Frame {
  const credit = { upCredit: 32, upBytes: 4_194_304 };
  return { t: "ready", session: "s", maxStreams: 100, maxMessage: maxMessageBytes, ...credit, pingMs: 25_000 };
}

/** The same call, over the multiplexed mode; docs/websocket.md says what corresponds. */
export function ofSimple({ given, steps, client }: Transcript): MuxTranscript {
  const run = client as ClientRun;
  const isProto = given.path.includes("$alt=proto") || given.protocols?.[0] === "sluice.v1.proto";
  const isRefused = given.page !== undefined;
  const [call] = run.calls;
  const translated: MuxStep[] = [{ ours: { t: "init" }, isSkipped: false }];
  if (!isRefused) {
    translated.push({ theirs: readyFrame(given.options?.socket ?? {}) });
    translated.push({ ours: { t: "open", id: 1 }, isSkipped: false });
  }
  let count = 0;
  for (const step of steps) {
    const isSkipped = step.fault === true || step.optional === true;
    if ("send" in step || "sendText" in step || "sendBinary" in step)
      translated.push({ ours: { t: step["sendText"] === "" ? "end" : "msg", id: 1 }, isSkipped });
    else if ("close" in step) translated.push({ ours: { t: "cancel", id: 1 }, isSkipped });
    else if ("expectStatus" in step) translated.push({ theirs: statusFrame(step["expectStatus"], isRefused ? 0 : 1) });
    else if ("expect" in step || "expectBinary" in step)
      translated.push({ theirs: replyFrame(step["expect"], () => call.shows.messages?.[count++]) });
    else if ("expectClose" in step) translated.push(endOf(step["expectClose"] as { code: number }));
  }
  return { form: isProto && !isRefused ? "proto" : "json", run, steps: translated };
}

function endOf(close: { readonly code: number }): MuxStep {
  return close.code === 1000 ? { theirs: { t: "status", id: 1, code: 0 } } : { close };
}

function statusFrame(status: unknown, id: number): Frame {
  const { reason, ...rest } = status as { readonly reason: string };
  const details = [{ "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason, domain: "sluice" }];
  return { t: "status", id, ...rest, message: "as the server puts it", details };
}

function replyFrame(frame: unknown, nextMessage: () => unknown): Frame {
  const { "@head": head, "@status": status, error } = (frame ?? {}) as Readonly<Record<string, Frame | undefined>>;
  if (head !== undefined) return { t: "head", id: 1, metadata: head };
  const end = status ?? error;
  return end === undefined ? { t: "msg", id: 1, m: nextMessage() } : { ...end, t: "status", id: 1 };
}

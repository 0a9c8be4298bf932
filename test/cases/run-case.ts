// Plays one case against a gateway, and holds what happened against what it expects.
import { readFileSync } from "node:fs";
import { brotliDecompressSync, gunzipSync, inflateSync } from "node:zlib";
import { expect } from "chai";
import { parseTimeout } from "../../src/metadata.ts";
import type { Profile } from "../../src/schema/binding.ts";
import { codeName } from "../../src/status.ts";
import { withoutZstd } from "../support/codings.ts";
import { loadSource, startGateway, toMessage } from "../support/gateway.ts";
import type {
  Answer,
  GatewayFixture,
  HttpRequest,
  LoadedSource,
  ProjectSource,
  ReceivedCall,
} from "../support/gateway.ts";
import type { RawResponse } from "../support/raw-http.ts";
import type { Case, CaseAnswer, Outcome } from "./parse-case.ts";

export interface Observed {
  readonly problems: readonly string[];
  readonly calls: readonly ReceivedCall[];
  readonly response: RawResponse | undefined;
  readonly body: Buffer;
  readonly isCancelled: boolean;
}

/** In the sources: only code is compiled. */
export const casesFolder = new URL("../../../test/cases/", import.meta.url);
const readProto = (name: string): string => readFileSync(new URL(name, casesFolder), "utf8");

/** Gateways by what they are started with: starting one for every case would take most of the time. */
export class Gateways {
  readonly #loaded = new Map<string, Promise<LoadedSource>>();
  readonly #running = new Map<string, Promise<GatewayFixture>>();

  async play(played: Case, profile: Profile): Promise<Observed> {
    const source = sourceOf(played, profile);
    const loaded = await once(this.#loaded, JSON.stringify(source), () => loadSource(source));
    const { project, problems } = loaded;
    const nothing = { problems, calls: [], response: undefined, body: Buffer.alloc(0), isCancelled: false };
    if (project === undefined || played.request === undefined) return nothing;
    const upstream = played.upstream === undefined ? {} : { upstream: played.upstream };
    const key = JSON.stringify([source, upstream]);
    const gateway = await once(this.#running, key, () => startGateway({ ...source, ...upstream, loaded }));
    const before = gateway.calls.length;
    gateway.answerWith(toAnswer(played.answer));
    const { body, ...head } = played.request;
    const request = { ...head, body: Buffer.isBuffer(body) ? body : toMessage(gateway.schema, body.proto, body.json) };
    if (played.leaves) {
      await leave(gateway, request);
      return { ...nothing, calls: gateway.calls.slice(before), isCancelled: true };
    }
    const response = await gateway.request(request);
    return { ...nothing, calls: gateway.calls.slice(before), response, body: decode(response) };
  }

  async close(): Promise<void> {
    await Promise.all([...this.#running.values()].map(async (gateway) => (await gateway).close()));
    this.#running.clear();
  }
}

function once<T>(made: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> {
  const found = made.get(key) ?? make();
  made.set(key, found);
  return found;
}

/** Resolves when the backend has noticed. */
async function leave(gateway: GatewayFixture, request: HttpRequest): Promise<void> {
  const arriving = gateway.nextCall();
  const connection = await gateway.open(request);
  const call = await arriving;
  connection.close();
  await call.cancelled;
}

function sourceOf({ yaml, rules }: Case, profile: Profile): ProjectSource {
  if (rules.length === 0) return { protos: { "cases.proto": readProto("cases.proto") }, yaml, profile };
  const methods = rules.map(
    (rule, index) => `rpc Call${index + 1}(Request) returns (Reply) { option (google.api.http) = { ${rule} }; }`,
  );
  return {
    protos: { "rules.proto": readProto("rules.proto").replace("// RULES", methods.join("\n  ")) },
    yaml,
    profile,
  };
}

function toAnswer({ kind, message, messages, code, details, headers, trailers }: CaseAnswer): Answer {
  if (kind === "silence") return { kind };
  const status = { kind: "status", code, message: String(message), details, trailers } as const;
  if (kind === "status") return status;
  if (kind === "stream") return { kind, messages, headers, trailers, ...(code === 0 ? {} : { failure: status }) };
  return { kind, message, headers, trailers };
}

function decode({ headers, body }: RawResponse): Buffer {
  if (body.length === 0) return body;
  const encoding = headers.get("content-encoding");
  if (encoding === "gzip") return gunzipSync(body);
  if (encoding === "br") return brotliDecompressSync(body);
  return encoding === "deflate" ? inflateSync(body) : body;
}

/** `cases.v1.Books/Get` without the package all cases share. */
export function shortMethod(method: string): string {
  return method.replace(/^cases\.v1\./, "");
}

/** Throws AssertionError. */
export function check(outcome: Outcome, observed: Observed): void {
  const { problems, calls, response, body } = observed;
  if (outcome.start !== undefined) expect(problems, "start").to.deep.equal(outcome.start);
  else
    expect(
      problems.filter((problem) => problem.includes(" error: ") || problem.startsWith("error: ")),
      "start",
    ).to.deep.equal([]);
  const call = calls[0];
  const shown = calls.map(({ method, message }) => `${shortMethod(method)} ${message}`);
  expect(shown, "calls").to.deep.equal(
    outcome.call === undefined ? [] : [`${outcome.call.method} ${outcome.call.message}`],
  );
  for (const [name, value] of outcome.sees) {
    const values = call.metadata.filter(([found]) => found === name).map(([, found]) => found);
    expect(values, `metadata ${name}`).to.deep.equal(value === undefined ? [] : [value]);
  }
  if (outcome.timeLeft !== undefined) checkTimeLeft(call.timeLeft, parseTimeout(outcome.timeLeft)!);
  expect(observed.isCancelled, "cancelled").to.equal(outcome.isCancelled);
  if (response !== undefined) checkResponse(outcome, response, body);
  else if (!outcome.isCancelled) expect(outcome.status, "an answer").to.equal(undefined);
}

/** Not more than was asked for; how much less is the machine's business, within reason. */
function checkTimeLeft(timeLeft: number, asked: number): void {
  expect(timeLeft, "time left")
    .to.be.at.most(asked + 1)
    .and.greaterThan(Math.max(0, asked - 10_000));
}

function checkResponse(outcome: Outcome, response: RawResponse, body: Buffer): void {
  const { error } = outcome;
  if (error !== undefined) {
    const observed = toError(response, body);
    expect(observed).to.deep.equal({ status: outcome.status, ...error });
  } else {
    const seen = { status: response.status, body: body.toString("latin1") };
    expect(seen).to.deep.equal({
      status: outcome.status,
      body: (outcome.body ?? (outcome.call === undefined ? Buffer.alloc(0) : body)).toString("latin1"),
    });
  }
  for (const [name, value] of outcome.headers) expect(response.headers.get(name), `header ${name}`).to.equal(value);
  for (const [name, value] of outcome.trailers) expect(response.trailers.get(name), `trailer ${name}`).to.equal(value);
}

interface ErrorJson {
  readonly code: number;
  readonly message: string;
  readonly details: readonly {
    readonly "@type": string;
    readonly reason?: string;
    readonly fieldViolations?: readonly { readonly field: string }[];
  }[];
}

export interface ObservedError {
  readonly status: number;
  readonly code: string | undefined;
  readonly reason: string | undefined;
  readonly message: string;
  readonly fields: readonly string[];
}

/** What is not JSON is shown as it is: a failing case should say what came instead. */
function parseError(body: Buffer): Partial<ErrorJson> {
  try {
    return JSON.parse(body.toString()) as Partial<ErrorJson>;
  } catch {
    return { message: body.toString() };
  }
}

/** An error in the default shape, as a case writes it. */
export function toError(response: RawResponse, body: Buffer): ObservedError {
  const { code, message, details = [] } = parseError(body);
  const detail = (name: string): ErrorJson["details"][number] | undefined =>
    details.find((found) => found["@type"].endsWith(`.${name}`));
  return {
    status: response.status,
    code: code === undefined ? undefined : codeName(code),
    reason: detail("ErrorInfo")?.reason,
    message: withoutZstd(message ?? ""),
    fields: (detail("BadRequest")?.fieldViolations ?? []).map(({ field }) => field),
  };
}

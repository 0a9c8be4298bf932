// What two gateways answered to one request, reduced to what a client can rely on, and where they part.
import { isLibraryText, isTransportMetadata } from "./differences.ts";
import type { Answer } from "./http-client.ts";

/** Each a line that names what differs; empty when the answers are the same to a client. */
export function compareAnswers(expected: Answer, actual: Answer): string[] {
  const problems: string[] = [];
  const check = (what: string, wanted: string, got: string): void => {
    if (wanted === got) return;
    const from = firstDifference(wanted, got);
    problems.push(`${what}\n      grpc-gateway ${excerpt(wanted, from)}\n      sluice       ${excerpt(got, from)}`);
  };
  check("status", String(expected.status), String(actual.status));
  check("headers", comparedHeaders(expected.headers).join("\n"), comparedHeaders(actual.headers).join("\n"));
  check("trailers", comparedHeaders(expected.trailers).join("\n"), comparedHeaders(actual.trailers).join("\n"));
  check("body", ...toComparable(expected.body, actual.body));
  if (isLines(expected.body)) check("lines", String(linesIn(expected.body)), String(linesIn(actual.body)));
  return problems;
}

/** What grpc-gateway writes for a stream: there, a line break is not just white space. */
function isLines(body: string): boolean {
  return /^\{"(?:result|error)":/.test(body);
}

function linesIn(body: string): number {
  return body.split("\n").length;
}

/** Headers of the connection, and of the two servers themselves, are nobody's contract. */
const compared = /^(?:content-type|location|www-authenticate|trailer|grpc-)/;
function comparedHeaders(headers: readonly string[]): string[] {
  return sortedPairs(headers).filter((pair) => compared.test(pair) && !isTransportMetadata(pair));
}

function sortedPairs(list: readonly string[]): string[] {
  const pairs: string[] = [];
  for (let i = 0; i < list.length; i += 2) {
    // A list of trailer names may come in one header or in several, in the order of a Go map.
    const values =
      list[i] === "trailer"
        ? list[i + 1].split(",")
        : [list[i + 1].replace(/^application\/grpc\+proto$/, "application/grpc")];
    for (const value of values) pairs.push(`${list[i]}: ${list[i] === "trailer" ? value.trim().toLowerCase() : value}`);
  }
  return pairs.sort();
}

/** Key order, number format and escapes count; white space does not: Go's protojson adds some at random. */
function toComparable(expected: string, actual: string): [string, string] {
  const [wanted, got] = [sortMaps(squeezeJson(expected)), sortMaps(squeezeJson(actual))];
  const [wantedError, gotError] = [toError(wanted), toError(got)];
  if (wantedError !== undefined && gotError !== undefined && isLibraryText(wantedError.message))
    return [withoutMessage(wantedError), withoutMessage(gotError)];
  return [wanted, got];
}

/** grpc-gateway sorts the keys of maps; Sluice keeps the backend's order, which is a new one each time when it is in Go. */
function sortMaps(json: string): string {
  return json.replaceAll(
    /("(?:map\w*|structField)":\{)([^{}]*)\}/g,
    (_, start: string, entries: string) =>
      `${start}${entries
        .split(/,(?=")/)
        .sort()
        .join(",")}}`,
  );
}

interface ErrorBody {
  readonly code: number;
  readonly message: string;
  readonly details: unknown;
}

function toError(body: string): ErrorBody | undefined {
  if (!body.startsWith('{"code":')) return undefined;
  try {
    return JSON.parse(body) as ErrorBody;
  } catch {
    return undefined;
  }
}

function withoutMessage({ code, details }: ErrorBody): string {
  return JSON.stringify({ code, details });
}

function squeezeJson(text: string): string {
  return text.replaceAll(/("(?:[^"\\]|\\.)*")|\s+/g, (_, literal: string | undefined) => literal ?? "");
}

const shownBefore = 60;
const shown = 240;

function firstDifference(wanted: string, got: string): number {
  let at = 0;
  while (at < wanted.length && wanted[at] === got[at]) at++;
  return at;
}

function excerpt(text: string, from: number): string {
  const start = text.length <= shown ? 0 : Math.max(0, from - shownBefore);
  const line = text.slice(start, start + shown).replaceAll("\n", " | ");
  return `${start > 0 ? "…" : ""}${line}${start + shown < text.length ? "…" : ""}`;
}

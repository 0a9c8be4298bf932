// How long one routing decision takes with 10, 100 and 1,000 routes; every answer is asserted before it is timed.
import assert from "node:assert/strict";
import { createRouter } from "../src/route/router.ts";
import type { RouteResult, Router } from "../src/route/router.ts";
import type { Binding } from "../src/schema/binding.ts";
import type { Method } from "../src/schema/descriptor.ts";
import { isTemplateError, parseTemplate } from "../src/schema/bind/template.ts";
import type { BenchTable } from "./table.ts";

interface Case {
  readonly name: string;
  readonly httpMethod: string;
  /** The path for one of the collections. */
  path(collection: string): string;
  check(result: RouteResult, collection: string): void;
}

/** Ten routes per collection: what a resource-oriented API has. */
function routesOf(collection: string): string[] {
  return [
    `GET /v1/${collection}`,
    `POST /v1/${collection}`,
    `GET /v1/${collection}/{id}`,
    `PATCH /v1/${collection}/{item.id}`,
    `DELETE /v1/${collection}/{id}`,
    `POST /v1/${collection}/{id}:cancel`,
    `GET /v1/${collection}:search`,
    `GET /v1/{parent=shops/*}/${collection}`,
    `GET /v1/{name=shops/*/${collection}/*/lines/*}`,
    `GET /v1/${collection}/{id}/files/{path=**}`,
  ];
}

function captured(line: (collection: string) => string, ...captures: string[]): Case["check"] {
  return (result, collection) => {
    assert.equal(result.kind, "match");
    assert.equal(result.binding.method.name, line(collection));
    assert.deepEqual(
      result.captures,
      captures.map((text) => text.replace("COLLECTION", collection)),
    );
  };
}

const cases: readonly Case[] = [
  { name: "hit, no capture", httpMethod: "GET", path: (c) => `/v1/${c}`, check: captured((c) => `GET /v1/${c}`) },
  {
    name: "hit, one capture",
    httpMethod: "GET",
    path: (c) => `/v1/${c}/8f14e45f-ea12`,
    check: captured((c) => `GET /v1/${c}/{id}`, "8f14e45f-ea12"),
  },
  {
    name: "hit, verb",
    httpMethod: "POST",
    path: (c) => `/v1/${c}/8f14e45f-ea12:cancel`,
    check: captured((c) => `POST /v1/${c}/{id}:cancel`, "8f14e45f-ea12"),
  },
  {
    name: "deep hit, long capture",
    httpMethod: "GET",
    path: (c) => `/v1/shops/berlin/${c}/8f14e45f-ea12/lines/12`,
    check: captured((c) => `GET /v1/{name=shops/*/${c}/*/lines/*}`, "shops/berlin/COLLECTION/8f14e45f-ea12/lines/12"),
  },
  {
    name: "deep hit, ** and %20",
    httpMethod: "GET",
    path: (c) => `/v1/${c}/8f14/files/a/b/c%20d/e.txt`,
    check: captured((c) => `GET /v1/${c}/{id}/files/{path=**}`, "8f14", "a/b/c d/e.txt"),
  },
  {
    name: "miss, first segment",
    httpMethod: "GET",
    path: (c) => `/v2/${c}/8f14e45f-ea12`,
    check: (result) => assert.equal(result.kind, "not-found"),
  },
  {
    name: "miss, last segment",
    httpMethod: "GET",
    path: (c) => `/v1/shops/berlin/${c}/8f14e45f-ea12/lines/12/x`,
    check: (result) => assert.equal(result.kind, "not-found"),
  },
  {
    name: "other method (405)",
    httpMethod: "PUT",
    path: (c) => `/v1/${c}/8f14e45f-ea12`,
    check: (result) => assert.equal(result.kind, "method-not-allowed"),
  },
];

/** Nanoseconds per match: the median of several rounds, over paths of many collections in turn. */
export function benchRoute(options: { readonly quick: boolean }): Promise<BenchTable> {
  const sizes = [10, 100, 1000];
  const rows: (string | number)[][] = cases.map((one) => [one.name]);
  const facts: Record<string, number | boolean> = {};
  let worst = 0;
  for (const size of sizes) {
    const collections = Array.from({ length: size / 10 }, (_, at) => `collection${at}`);
    const router = createRouter(collections.flatMap(routesOf).map(toBinding), {
      profile: "strict",
      urlUnescape: "except_reserved",
    });
    for (const [at, one] of cases.entries()) {
      const nanoseconds = measure(router, one, collections, options.quick);
      rows[at].push(nanoseconds);
      if (size !== 1000) continue;
      facts[`ns, 1000 routes, ${one.name}`] = nanoseconds;
      worst = Math.max(worst, nanoseconds);
    }
  }
  facts["worst ns, 1000 routes"] = worst;
  facts["at most 1000 ns"] = worst <= 1000;
  return Promise.resolve({
    title: "routing, ns per match",
    columns: ["request", ...sizes.map((size) => `${size} routes`)],
    rows,
    facts,
  });
}

function measure(router: Router, one: Case, collections: readonly string[], isQuick: boolean): number {
  // Flat strings, as an HTTP parser makes them: a concatenation would be flattened by the first match and distort it.
  const paths = Array.from({ length: 128 }, (_, at) =>
    Buffer.from(one.path(collections[at % collections.length])).toString("latin1"),
  );
  for (const [at, path] of paths.entries())
    one.check(router.match(one.httpMethod, path), collections[at % collections.length]);
  const perRound = isQuick ? 20_000 : 200_000;
  let kept = 0;
  const rounds: number[] = [];
  for (let round = 0; round < (isQuick ? 5 : 11); round++) {
    const start = process.hrtime.bigint();
    for (let at = 0; at < perRound; at++) kept += router.match(one.httpMethod, paths[at & 127]).kind.length;
    rounds.push(Number(process.hrtime.bigint() - start) / perRound);
  }
  // The first round warms up. The sum is used, so that no match is optimised away.
  const expected = router.match(one.httpMethod, paths[0]).kind.length * perRound * rounds.length;
  assert.equal(kept, expected);
  const sorted = rounds.slice(1).sort((a, b) => a - b);
  return Math.round(sorted[sorted.length >> 1]);
}

function toBinding(line: string): Binding {
  const [httpMethod, text] = line.split(" ");
  const template = parseTemplate(text);
  if (isTemplateError(template)) throw new Error(`${line}: ${template.message}`);
  const position = { file: "bench.proto", line: 1, column: 1 };
  const method = { name: line } as Method;
  return {
    method,
    httpMethod,
    template,
    variables: [],
    body: { kind: "none" },
    responseBody: undefined,
    position,
    origin: "annotation",
    index: 0,
  };
}

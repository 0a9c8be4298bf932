// The router against a naive matcher on random routes and paths, and against paths made to be slow.
import { expect } from "chai";
import fc from "fast-check";
import { createRouter } from "../../src/route/router.ts";
import type { Profile } from "../../src/schema/binding.ts";
import { anyCharacter, anyText } from "../support/any-text.ts";
import { bindingOf, bindingsOf } from "./binding-of.ts";
import { referenceAnswer } from "./reference.ts";

const methodName = fc.constantFrom("GET", "POST", "HEAD", "*", "DELETE");
const literal = fc.constantFrom("a", "b", "c", "a:b", "%61%2F");
const segment = fc.oneof(
  { weight: 4, arbitrary: literal },
  { weight: 3, arbitrary: fc.constant("*") },
  { weight: 2, arbitrary: fc.constant("**") },
);

/** A template of these segments, cut so that it has one `**` at most, some wildcards as variables. */
const template = fc
  .record({
    segments: fc.array(segment, { maxLength: 5 }),
    named: fc.array(fc.boolean(), { minLength: 5, maxLength: 5 }),
    verb: fc.constantFrom("", "", "", ":b", ":a:b", ":c"),
  })
  .map(({ segments, named, verb }) => {
    const first = segments.indexOf("**");
    const single = segments.map((text, at) => (text === "**" && at !== first ? "*" : text));
    const parts = single.map((text, at) => (named[at] ? `{f${at}=${text}}` : text));
    return `/${parts.join("/")}${single.length === 0 ? "" : verb}`;
  });
const route = fc.tuple(methodName, template).map((parts) => parts.join(" "));
const pathSegment = fc.constantFrom(
  "a",
  "b",
  "c",
  "d",
  "a:b",
  "d:b",
  "d:a:b",
  "a:c",
  "%61",
  "%61%2f",
  "a%3Ab",
  "%61:b",
  ":b",
  "%C3%A9",
);
const path = fc.array(pathSegment, { maxLength: 6 }).map((parts) => `/${parts.join("/")}`);
const looseP = fc.array(fc.oneof(pathSegment, fc.constant("")), { maxLength: 6 }).map((parts) => `/${parts.join("/")}`);

/** Without those that strict refuses as equal to an earlier one. */
function withoutDuplicates(lines: readonly string[]): string[] {
  const kept = new Map<string, string>();
  for (const line of lines) {
    const { httpMethod, template: parsed } = bindingOf(line);
    const key = JSON.stringify([httpMethod, parsed.segments, parsed.verb]);
    if (!kept.has(key)) kept.set(key, line);
  }
  return [...kept.values()];
}

function answer(lines: readonly string[], profile: Profile, httpMethod: string, text: string): string {
  const router = createRouter(bindingsOf(lines), { profile, urlUnescape: "except_reserved" });
  const result = router.match(httpMethod, text);
  if (result.kind === "match")
    return [result.binding.method.name, ...result.captures.map((capture) => JSON.stringify(capture))].join(" ");
  if (result.kind === "method-not-allowed") return `405 ${result.allow.join(",")}`;
  return result.kind === "not-found" ? "404" : `400 ${result.reason}`;
}

describe("createRouter, on random routes", () => {
  it("answers as the naive matcher does in strict", () => {
    fc.assert(
      fc.property(
        fc.array(route, { minLength: 1, maxLength: 12 }),
        methodName,
        fc.array(path, { minLength: 1, maxLength: 8 }),
        (routes, asked, paths) => {
          const lines = withoutDuplicates(routes);
          for (const text of paths) {
            expect(answer(lines, "strict", asked, text), `${asked} ${text}`).to.equal(
              referenceAnswer(bindingsOf(lines), asked, text, false),
            );
          }
        },
      ),
      { numRuns: 1500 },
    );
  });

  it("answers as the naive matcher does in profile grpc-gateway", () => {
    fc.assert(
      fc.property(
        fc.array(route, { minLength: 1, maxLength: 12 }),
        methodName,
        fc.array(looseP, { minLength: 1, maxLength: 8 }),
        (routes, asked, paths) => {
          for (const text of paths) {
            expect(answer(routes, "grpc-gateway", asked, text), `${asked} ${text}`).to.equal(
              referenceAnswer(bindingsOf(routes), asked, text, true),
            );
          }
        },
      ),
      { numRuns: 1500 },
    );
  });

  it("does not depend on the order of declaration in strict", () => {
    fc.assert(
      fc.property(
        fc.array(route, { minLength: 2, maxLength: 10 }),
        fc.array(path, { minLength: 1, maxLength: 8 }),
        fc.infiniteStream(fc.nat()),
        (routes, paths, keys) => {
          const lines = withoutDuplicates(routes);
          const shuffled = lines
            .map((line) => ({ line, key: keys.next().value as number }))
            .sort((a, b) => a.key - b.key)
            .map(({ line }) => line);
          for (const text of paths)
            expect(answer(shuffled, "strict", "GET", text)).to.equal(answer(lines, "strict", "GET", text));
        },
      ),
    );
  });

  it("returns any text from a single-segment capture that was percent-encoded into it", () => {
    const text = anyText({ minLength: 1, maxLength: 20 }).filter(
      (value) => value !== "." && value !== ".." && !value.includes("\0"),
    );
    fc.assert(
      fc.property(
        text,
        (value) =>
          answer(["GET /v1/{x}/y"], "strict", "GET", `/v1/${encodeURIComponent(value)}/y`) ===
          `GET /v1/{x}/y ${JSON.stringify(value)}`,
      ),
    );
  });

  it("answers any string at all without throwing", () => {
    const lines = ["GET /{x=**}:b", "GET /a/{y}", "POST /**"];
    const anyPath = fc
      .array(fc.oneof(fc.constantFrom(..."/%:.2eEfF\\#a".split("")), anyCharacter), { maxLength: 30 })
      .map((characters) => characters.join(""));
    fc.assert(
      fc.property(anyPath, (text) => /^(GET |POST |404|405 |400 )/.test(answer(lines, "strict", "GET", `/${text}`))),
      { numRuns: 3000 },
    );
  });
});

describe("createRouter, on paths made to be slow", () => {
  /** Every combination of `a` and `*` over ten segments, and tails of every length behind a `**`. */
  const adversarial = [
    ...Array.from(
      { length: 1024 },
      (_, bits) => `GET /${Array.from({ length: 10 }, (_, at) => ((bits >> at) & 1 ? "a" : "*")).join("/")}/end`,
    ),
    ...Array.from({ length: 60 }, (_, length) => `GET /**${"/a".repeat(length)}/end`),
    ...Array.from({ length: 60 }, (_, length) => `GET /a/**${"/*".repeat(length)}/end:b`),
  ];

  /** Counts steps instead of measuring time: the lookups in literal tables, which every step but one of `*` makes. */
  function countLookups(run: () => void): number {
    type Get = (this: Map<unknown, unknown>, key: unknown) => unknown;
    const get = Reflect.get(Map.prototype, "get") as Get;
    let lookups = 0;
    Map.prototype.get = function (this: Map<unknown, unknown>, key: unknown) {
      lookups++;
      return get.call(this, key);
    };
    try {
      run();
    } finally {
      Map.prototype.get = get;
    }
    return lookups;
  }

  it("does not look at more nodes for a longer path", () => {
    const router = createRouter(bindingsOf(adversarial), { profile: "strict", urlUnescape: "all" });
    const lookups = [200, 400, 4000, 8000].map((segments) =>
      countLookups(() => expect(router.match("GET", "/a".repeat(segments)).kind).to.equal("not-found")),
    );
    expect(new Set(lookups).size).to.equal(1);
    expect(lookups[0]).to.be.within(1, 10_000);
  });

  it("enters each node once at most, whatever combination of wildcards fits", () => {
    const router = createRouter(bindingsOf(adversarial), { profile: "strict", urlUnescape: "all" });
    for (const path of [`${"/a".repeat(10)}/other`, `${"/a".repeat(10)}/other:b`, `${"/a".repeat(70)}:b`]) {
      expect(
        countLookups(() => router.match("GET", path)),
        path,
      ).to.be.below(12_000);
    }
  });

  it("refuses a path of a megabyte unread, and one with nothing but colons cheaply", () => {
    const router = createRouter(bindingsOf(adversarial), { profile: "strict", urlUnescape: "all" });
    expect(router.match("GET", "/a".repeat(500_000))).to.include({ kind: "bad-path", reason: "PATH_TOO_LONG" });
    expect(countLookups(() => router.match("GET", `/${":b".repeat(8000)}`))).to.be.below(20_000);
  });
});

// Bindings against each other: equal ones, and ones that can never be reached.
import { expect } from "chai";
import fc from "fast-check";
import type { Diagnostic } from "../../src/diagnostic.ts";
import { createRouter } from "../../src/route/router.ts";
import type { Profile } from "../../src/schema/binding.ts";
import { checkBindings } from "../../src/schema/bind/check-bindings.ts";
import { bindingsOf } from "../route/binding-of.ts";

function check(lines: readonly string[], profile: Profile = "strict"): Diagnostic[] {
  const found: Diagnostic[] = [];
  checkBindings(bindingsOf(lines), profile, (diagnostic) => found.push(diagnostic));
  return found;
}

function duplicates(a: string, b: string): boolean {
  return check([a, b]).some((diagnostic) => diagnostic.rule === "duplicate-binding" && diagnostic.severity === "error");
}

describe("checkBindings", () => {
  it("refuses bindings that match exactly the same requests and names both", () => {
    const [found] = check(["GET /v1/{a}", "GET /v1/{b=*}"]);
    expect(found.severity).to.equal("error");
    expect(found.message).to.equal(
      `GET "/v1/{b=*}" of GET /v1/{b=*} matches exactly the requests of GET "/v1/{a}" of GET /v1/{a} at test.proto:1:1`,
    );
  });

  const equal: readonly (readonly [string, string])[] = [
    ["GET /a", "GET /%61"],
    ["GET /{x=a/*}", "GET /a/{y}"],
    ["GET /**", "GET /{x=**}"],
    ["GET /**/*", "GET /*/**"],
    ["GET /a/**/*/b", "GET /a/*/**/b"],
    ["GET /{a}:v", "GET /*:v"],
  ];
  for (const [a, b] of equal) it(`takes ${a} and ${b} for equal`, () => expect(duplicates(a, b)).to.equal(true));

  const different: readonly (readonly [string, string])[] = [
    ["GET /a", "POST /a"],
    ["GET /a", "* /a"],
    ["GET /a", "GET /A"],
    ["GET /{a}", "GET /{a}:v"],
    ["GET /a%2Fb", "GET /a/b"],
    ["GET /a%3Ab", "GET /a:b"],
    ["GET /*", "GET /**"],
    ["GET /**/a/*", "GET /*/a/**"],
    ["GET /%2A", "GET /*"],
  ];
  for (const [a, b] of different)
    it(`takes ${a} and ${b} for different`, () => expect(duplicates(a, b)).to.equal(false));

  it("warns of equal bindings in profile grpc-gateway, where the later one serves", () => {
    const [found, ...rest] = check(["GET /v1/{a}", "GET /v1/{b}"], "grpc-gateway");
    expect(found.severity).to.equal("warning");
    expect(rest).to.deep.equal([]);
  });

  const unreachable: readonly (readonly string[])[] = [
    ["GET /v1/**", "GET /v1", "GET /v1/*/**"],
    ["GET /v1/**/a", "GET /v1/*/**"],
    ["GET /{x=a:b}", "GET /a:b"],
    ["GET /{x=:b}", "GET /**:b"],
    ["GET /**", "GET /", "GET /*/**"],
    ["GET /v/**", "* /v/*/**", "* /v"],
    ["HEAD /v1/**/a", "GET /v1/*/**"],
  ];
  for (const [first, ...others] of unreachable) {
    it(`warns that ${first} is never reached beside ${others.join(" and ")}`, () => {
      for (const lines of [
        [first, ...others],
        [...others, first],
      ]) {
        const found = check(lines);
        expect(found.map(({ rule, severity }) => `${severity} ${rule}`)).to.deep.equal(["warning unreachable-binding"]);
        expect(found[0].message)
          .to.match(/^\w+ ".*" of .* is never reached: /)
          .and.include(first);
      }
    });
  }

  it("is content with bindings that merely overlap", () => {
    expect(
      check([
        "GET /v1/**",
        "GET /v1/*/**",
        "GET /v1/*",
        "GET /v1/a",
        "* /**",
        "GET /**/a",
        "GET /{x=**}:v",
        "GET /{x=a:b}",
        "GET /c/{x=:v}",
      ]),
    ).to.deep.equal([]);
    expect(check(["* /v1/**", "GET /v1/*/**", "GET /v1"])).to.deep.equal([]);
    expect(check(["GET /**", "GET /v1/{x}", "GET /v1/a", "GET /v2/a"], "grpc-gateway")).to.deep.equal([]);
  });

  it("warns in profile grpc-gateway of a path that a later, more general one hides", () => {
    const found = check(["GET /v1/a", "POST /v1/{x}", "GET /v1/{x}"], "grpc-gateway");
    expect(found).to.have.length(1);
    expect(found[0].message).to.match(/^GET "\/v1\/a" .* is never reached: GET "\/v1\/\{x\}"/);
    expect(found[0].hint).to.include("the last declared wins");
  });

  it("says unreachable exactly when no path reaches it", () => {
    const segment = fc.constantFrom("a", "b", "*", "**");
    const template = fc
      .array(segment, { minLength: 1, maxLength: 3 })
      .filter((parts) => parts.filter((part) => part === "**").length <= 1);
    const verb = fc.constantFrom("", "", ":v");
    const line = fc.tuple(template, verb).map(([parts, suffix]) => `GET /${parts.join("/")}${suffix}`);
    const words = ["a", "b", "z", "a:v", "b:v", "z:v"];
    const paths = [0, 1, 2, 3, 4]
      .flatMap((length) => combinations(words, length))
      .map((parts) => `/${parts.join("/")}`);
    paths.push("/:v");
    fc.assert(
      fc.property(fc.uniqueArray(line, { minLength: 1, maxLength: 6 }), (lines) => {
        const found = check(lines);
        fc.pre(found.every((diagnostic) => diagnostic.severity === "warning"));
        const bindings = bindingsOf(lines);
        const router = createRouter(bindings, { profile: "strict", urlUnescape: "all" });
        const reached = new Set(
          paths
            .map((path) => router.match("GET", path))
            .map((result) => (result.kind === "match" ? result.binding.method.name : "")),
        );
        const expected = lines.filter((text) => !reached.has(text));
        expect(found.map((diagnostic) => /of (GET \S+) is never/.exec(diagnostic.message)?.[1])).to.have.members(
          expected,
        );
      }),
      { numRuns: 300 },
    );
  });
});

function combinations(words: readonly string[], length: number): string[][] {
  return length === 0 ? [[]] : combinations(words, length - 1).flatMap((head) => words.map((word) => [...head, word]));
}

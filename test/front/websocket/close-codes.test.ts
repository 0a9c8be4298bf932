// The close codes of docs/websocket.md and those of the code are the same ones, both ways.
import { readFileSync } from "node:fs";
import { expect } from "chai";
import {
  CloseCode,
  cutReason,
  toCloseCode,
  toCloseReason,
  toStatusCode,
  verdictOf,
} from "../../../src/front/websocket/close-codes.ts";
import { Code, GatewayError } from "../../../src/status.ts";

const page = readFileSync(new URL("../../../../docs/websocket.md", import.meta.url), "utf8");
const section = page.slice(page.indexOf("\n## Close codes"), page.indexOf("\n## What a client does"));

/** `| 4100 | `IDLE` | retry | when |` */
const documented = [...section.matchAll(/^\| (\d{4}) \| `([A-Z_]+)` \| (\w+) \| ([^|]+) \|$/gm)].map(
  ([, code, name, verdict, when]) => ({ code: Number(code), name, verdict, when }),
);

/** `| 1001, 1005, 1011-1014 | retry |` */
const ranges = [...section.matchAll(/^\| ([\d, -]+) \| (by code|\w+)(?::[^|]*)? \|$/gm)].flatMap(([, list, verdict]) =>
  list.split(", ").map((range) => ({ range: range.split("-").map(Number), verdict })),
);

describe("close codes", () => {
  it("are those of docs/websocket.md, name by name, both ways", () => {
    expect(Object.fromEntries(documented.map(({ name, code }) => [name, code]))).to.deep.equal(CloseCode);
  });

  it("have the verdict that docs/websocket.md gives them, and say when they are sent", () => {
    for (const { code, verdict, when } of documented) {
      expect(verdictOf(code), String(code)).to.equal(verdict);
      expect(when.trim()).to.match(/\.$/);
    }
  });

  it("have the verdict of their range in docs/websocket.md, also where they are not listed", () => {
    expect(ranges.length).to.be.greaterThan(8);
    for (const { range, verdict } of ranges)
      for (const code of [range[0], range.at(-1)!]) expect(verdictOf(code), String(code)).to.equal(verdict);
    for (const code of [0, 999, 2999, 3000, 3999, 4200, 4999, 5000]) expect(verdictOf(code)).to.equal("fail");
  });

  it("stand for gRPC statuses from 4001 to 4016", () => {
    for (const code of Object.values(Code).filter((value) => value !== Code.OK))
      expect(toStatusCode(toCloseCode(code))).to.equal(code);
    for (const code of [1000, 4000, 4017, 4100]) expect(toStatusCode(code)).to.equal(undefined);
  });
});

describe("close reasons", () => {
  it("name the status and the message", () => {
    expect(toCloseReason(new GatewayError(Code.NOT_FOUND, "room 7 does not exist"))).to.equal(
      "NOT_FOUND: room 7 does not exist",
    );
  });

  it("are cut to 123 bytes, never inside a character", () => {
    expect(cutReason("a".repeat(123))).to.have.length(123);
    expect(cutReason("a".repeat(200))).to.have.length(123);
    for (const character of ["é", "€", "😀"]) {
      for (let shift = 0; shift < 4; shift++) {
        const reason = cutReason("a".repeat(shift) + character.repeat(100));
        const length = Buffer.byteLength(reason);
        expect(length).to.be.within(120, 123);
        expect(reason.replaceAll("a", "").replaceAll(character, "")).to.equal("");
      }
    }
  });
});

// The frames of both forms: what is read is what was written, and bytes that are no frame are a fault, never anything else.
import { readFileSync } from "node:fs";
import { expect } from "chai";
import fc from "fast-check";
import { FrameFault } from "../../../src/front/websocket/mux-frame.ts";
import type { ClientFrame, MuxCodec } from "../../../src/front/websocket/mux-frame.ts";
import { createJsonCodec } from "../../../src/front/websocket/mux-json.ts";
import { readJsonFrame } from "../../../src/front/websocket/mux-json-read.ts";
import { createProtoCodec } from "../../../src/front/websocket/mux-proto.ts";
import { FrameType, readProtoFrame } from "../../../src/front/websocket/mux-proto-read.ts";
import { GatewayError } from "../../../src/status.ts";
import { compileJsonReader } from "../../../src/translate/json/json-reader.ts";
import { compileJsonWriter } from "../../../src/translate/json/json-writer.ts";
import { compileErrorWriter } from "../../../src/translate/reply/error-body.ts";
import { strictJson } from "../../../src/translate/options.ts";
import { schemaOf } from "../../support/schema.ts";

const runs = Math.ceil(300 * Number(process.env["FUZZ_RUNS"] ?? 1));
const schema = schemaOf({ "sluice/stream.proto": readFileSync("protos/sluice/stream.proto", "utf8") });
const frameType = schema.message("sluice.mux.v1.Frame")!;
const toFrame = compileJsonReader(frameType, schema, strictJson);
const fromFrame = compileJsonWriter(frameType, schema, { ...strictJson, emitDefaults: false, protoNames: true });

const json = createJsonCodec(compileErrorWriter(schema, { shape: "status", json: strictJson }));
const proto = createProtoCodec(true);

/** With messages and the like as text. */
function plain(frame: ClientFrame): unknown {
  return JSON.parse(
    JSON.stringify(frame, (_key, value: unknown) =>
      Buffer.isBuffer(value) || value instanceof Uint8Array ? Buffer.from(value).toString() : value,
    ).replaceAll(/\{"type":"Buffer","data":\[[\d,]*\]\}/g, (found) =>
      JSON.stringify(Buffer.from((JSON.parse(found) as { data: number[] }).data).toString()),
    ),
  );
}

function read(codec: Pick<MuxCodec, "read">, bytes: Buffer): ClientFrame | FrameFault {
  try {
    return codec.read(bytes);
  } catch (error) {
    if (error instanceof FrameFault) return error;
    throw error;
  }
}

describe("multiplexed frames", () => {
  describe("in JSON", () => {
    it("have their values where JSON.parse finds them, whatever white space, order and other keys there are", () => {
      const space = fc.stringMatching(/^[ \n\r\t]{0,3}$/);
      const member = fc.tuple(space, fc.constantFrom("x", "y\\u0041", "data", ""), fc.json());
      const run = fc.property(
        fc.json(),
        fc.nat({ max: 2 ** 31 - 2 }),
        fc.array(member, { maxLength: 4 }),
        space,
        (m, id, others, gap) => {
          const known = [`"t":${gap}"msg"`, `"id"${gap}:${id + 1}`, `${gap}"m":${m}${gap}`];
          const unknown = others.map(([before, key, value]) => `${before}"${key}" : ${value}`);
          const text = `${gap}{${[...unknown, ...known].reverse().join(`,${gap}`)}}${gap}`;
          const frame = readJsonFrame(Buffer.from(text));
          if (frame.kind !== "msg") throw new Error(frame.kind);
          expect(frame.id).to.equal(id + 1);
          expect(JSON.parse(Buffer.from(frame.message).toString())).to.deep.equal(JSON.parse(m));
        },
      );
      fc.assert(run, { numRuns: runs });
    });

    it("are refused by nothing but a fault, whatever is cut, changed or put in", () => {
      const text = `{"t":"open","id":3,"method":"a.B/C","metadata":{"a":"b","c":["d","é"]},"credit":9,"timeout":"1s","m":{"a":[1,{"b":"\\"}"}]},"end":true}`;
      const bytes = Buffer.from(text);
      for (let cut = 0; cut < bytes.length; cut++)
        expect(read(json, bytes.subarray(0, cut))).to.be.instanceOf(FrameFault);
      const run = fc.property(fc.nat({ max: bytes.length - 1 }), fc.uint8Array({ maxLength: 4 }), (at, patch) => {
        read(json, Buffer.concat([bytes.subarray(0, at), patch, bytes.subarray(at + 1)]));
      });
      fc.assert(run, { numRuns: runs });
    });

    it("are refused by nothing but a fault for random text", () => {
      fc.assert(
        fc.property(
          fc.string({ unit: fc.constantFrom(...'{}[]":,\\tid1m e'.split("")) }),
          (text) => void read(json, Buffer.from(text)),
        ),
        { numRuns: runs },
      );
    });

    it("keep names that JavaScript has a use for as plain names", () => {
      const frame = readJsonFrame(
        Buffer.from(
          `{"t":"init","metadata":{"__proto__":"a","constructor":"b","toString":["c"]},"__proto__":{"t":"open"}}`,
        ),
      );
      expect(frame).to.deep.equal({
        kind: "init",
        auth: undefined,
        metadata: ["__proto__", "a", "constructor", "b", "toString", "c"],
      });
      expect(json.head(1, ["__proto__", "a"]).toString()).to.equal(`{"t":"head","id":1,"metadata":{"__proto__":"a"}}`);
    });

    it("step over values of any depth", () => {
      const depth = 200_000;
      const frame = readJsonFrame(Buffer.from(`{"t":"pong","later":${"[".repeat(depth)}${"]".repeat(depth)}}`));
      expect(frame.kind).to.equal("pong");
    });

    it("say at which byte they are wrong", () => {
      const fault = read(json, Buffer.from(`{"t":"pong" "d":1}`));
      expect(fault).to.deep.include({ message: `expected "," or "}", at byte 12 of the frame` });
    });
  });

  describe("in the proto form", () => {
    const of = (type: number, id: number, fields: object): Buffer =>
      Buffer.concat([Buffer.from([type, id]), toFrame(Buffer.from(JSON.stringify(fields)))]);

    it("are those of protos/sluice/stream.proto, from the client", () => {
      const metadata = [
        { name: "a", value: "b" },
        { name: "a", value: "é" },
      ];
      const m = Buffer.from("message").toString("base64");
      const frames: readonly [Buffer, unknown][] = [
        [of(FrameType.init, 0, { auth: "x", metadata }), { kind: "init", auth: "x", metadata: ["a", "b", "a", "é"] }],
        [
          of(FrameType.open, 5, {
            method: "a.B/C",
            credit: 0,
            metadata,
            timeout: "1s",
            m,
            end: true,
            session: "ignored",
          }),
          {
            kind: "open",
            id: 5,
            method: "a.B/C",
            credit: 0,
            metadata: ["a", "b", "a", "é"],
            timeout: "1s",
            message: "message",
            end: true,
          },
        ],
        [
          of(FrameType.open, 5, { path: "GET /" }),
          { kind: "open", id: 5, path: "GET /", credit: 1, metadata: [], end: false },
        ],
        [of(FrameType.credit, 5, { n: 2_147_483_647 }), { kind: "credit", id: 5, n: 2_147_483_647 }],
        [of(FrameType.end, 5, {}), { kind: "end", id: 5 }],
        [of(FrameType.cancel, 5, { reason: "x" }), { kind: "cancel", id: 5 }],
        [of(FrameType.auth, 0, { auth: "x" }), { kind: "auth", auth: "x" }],
        [of(FrameType.ping, 0, { d: m }), { kind: "ping", d: "message" }],
        [of(FrameType.pong, 0, {}), { kind: "pong" }],
      ];
      for (const [bytes, frame] of frames) expect(plain(readProtoFrame(bytes))).to.deep.equal(frame);
    });

    it("are those of protos/sluice/stream.proto, from the server", () => {
      const shown = (frame: Uint8Array): unknown => {
        const { name } = Object.entries(FrameType)
          .map(([kind, type]) => ({ name: kind, type }))
          .find(({ type }) => type === frame[0])!;
        return [name, frame[1], JSON.parse(fromFrame(frame.subarray(2)).toString())];
      };
      const ready = {
        session: "s",
        maxStreams: 1,
        maxMessage: 2,
        upCredit: 3,
        upBytes: 4,
        pingMs: 5,
        lifetimeMs: 6,
        authExpiresAt: 1.7e12,
      };
      expect(shown(proto.ready(ready))).to.deep.equal([
        "ready",
        0,
        {
          session: "s",
          max_streams: 1,
          max_message: 2,
          up_credit: 3,
          up_bytes: 4,
          ping_ms: 5,
          lifetime_ms: "6",
          auth_expires_at: "1700000000000",
        },
      ]);
      expect(shown(proto.head(7, ["a", "b"]))).to.deep.equal(["head", 7, { metadata: [{ name: "a", value: "b" }] }]);
      expect(shown(proto.credit(7, 300))).to.deep.equal(["credit", 7, { n: 300 }]);
      expect(shown(proto.expiring("auth", 1.7e12))).to.deep.equal([
        "expiring",
        0,
        { what: "auth", at: "1700000000000" },
      ]);
      expect(shown(proto.goaway({ reason: "shutdown", lastId: 7, deadlineMs: 8, retryAfterMs: 9 }))).to.deep.equal([
        "goaway",
        0,
        { reason: "shutdown", last_id: 7, deadline_ms: 8, retry_after_ms: 9 },
      ]);
      expect(shown(proto.pong(Buffer.from("d")))).to.deep.equal(["pong", 0, { d: "ZA==" }]);
      const error = new GatewayError(5, "gone", { reason: "ROUTE_NOT_FOUND" });
      expect(shown(proto.status(7, error, ["a", "b"]))).to.deep.equal([
        "status",
        7,
        {
          code: 5,
          message: "gone",
          details: [
            { "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason: "ROUTE_NOT_FOUND", domain: "sluice" },
          ],
          trailers: [{ name: "a", value: "b" }],
        },
      ]);
      expect(shown(proto.status(7, undefined, []))).to.deep.equal(["status", 7, {}]);
      expect(Buffer.from(proto.message(proto.messagePrefix(300), Buffer.from("m"))).toString("hex")).to.equal(
        "05ac026d",
      );
    });

    it("are refused by nothing but a fault for random bytes", () => {
      const run = fc.property(fc.nat({ max: 20 }), fc.uint8Array({ maxLength: 40 }), (type, rest) => {
        read(proto, Buffer.concat([Buffer.from([type]), rest]));
      });
      fc.assert(run, { numRuns: runs });
    });
  });
});

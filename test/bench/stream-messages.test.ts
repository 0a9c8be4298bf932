import { expect } from "chai";
import { tick, tickBytes, tickJson } from "../../bench/corpus/stream-messages.ts";
import { root } from "../../bench/load/folders.ts";
import { jsonForm, protoForm } from "../../bench/stream/mux-frames.ts";
import { TickCheck } from "../../bench/stream/tick-check.ts";
import { loadSchema } from "../../src/schema/load/load.ts";
import { compileJsonWriter } from "../../src/translate/json/json-writer.ts";
import { strictJson } from "../../src/translate/options.ts";

describe("the tick of the stream bench", () => {
  it("has 200 bytes of JSON, and is the same as bytes", () => {
    const folder = `${root}bench/corpus`;
    const { schema } = loadSchema({ inputs: [`${folder}/stream.proto`], importPaths: [folder] });
    const type = schema?.message("bench.stream.v1.Tick");
    if (schema === undefined || type === undefined) throw new Error("stream.proto has no Tick");
    expect(tickJson(1000)).to.have.length(200);
    const written = compileJsonWriter(type, schema, strictJson)(tickBytes(1000));
    expect(JSON.parse(written.toString())).to.deep.equal(tick(1000));
  });
});

describe("TickCheck", () => {
  const take = (check: TickCheck, sequence: number): void => {
    const bytes = Buffer.from(`..${tickJson(sequence)}.`);
    check.take(bytes, 2, bytes.length - 1);
  };

  it("counts ticks in their order", () => {
    const check = new TickCheck("json");
    for (let sequence = 1; sequence <= 2001; sequence++) take(check, sequence);
    expect(check.count).to.equal(2001);
  });

  it("notices a tick that was lost, at the next one it looks at", () => {
    const check = new TickCheck("json");
    for (let sequence = 1; sequence <= 1000; sequence++) take(check, sequence < 500 ? sequence : sequence + 1);
    expect(() => take(check, 1002)).to.throw("message 1001 is another one");
  });

  it("looks into what grpc-gateway wraps, and at protobuf bytes", () => {
    const wrapped = Buffer.from(`{"result":${tickJson(1)}}`);
    new TickCheck("result").take(wrapped, 0, wrapped.length);
    const bytes = tickBytes(2);
    expect(() => new TickCheck("proto").take(bytes, 0, bytes.length)).to.throw("message 1 has other bytes");
  });
});

/** Without the six bytes of its head and mask. */
function payloadOf(frame: Buffer): Buffer {
  return frame.subarray((frame[1] & 127) === 126 ? 8 : 6);
}

describe("the multiplexed frames of the stream bench", () => {
  it("opens streams and grants credit as docs/websocket.md says", () => {
    const open = { method: "p.S/M", credit: 300, count: 5 };
    expect(JSON.parse(payloadOf(jsonForm.open(7, open)).toString())).to.deep.equal({
      t: "open",
      id: 7,
      method: "p.S/M",
      credit: 300,
      m: { count: 5 },
      end: true,
    });
    expect(payloadOf(protoForm.open(150, open)).toString("hex")).to.equal("0396012205702e532f4d30ac02420208055001");
    expect(payloadOf(protoForm.credit(150, 64)).toString("hex")).to.equal("0696014840");
  });

  it("finds id and message in both forms", () => {
    const json = Buffer.from(`{"t":"msg","id":12,"m":{"a":1}}`);
    expect(jsonForm.readMessage(json, 0, json.length)).to.deep.equal({ id: 12, start: 23, end: 30 });
    expect(protoForm.readMessage(Buffer.from("05960108", "hex"), 0, 4)).to.deep.equal({ id: 150, start: 3, end: 4 });
    const head = Buffer.from(`{"t":"head","id":12,"metadata":{}}`);
    expect(jsonForm.readMessage(head, 0, head.length)).to.equal(undefined);
  });

  it("tells a good end from a failure", () => {
    const good = Buffer.from(`{"t":"status","id":1,"code":0,"status":"OK"}`);
    const bad = Buffer.from(`{"t":"status","id":1,"code":5,"status":"NOT_FOUND"}`);
    expect(jsonForm.isEnd(good, 0, good.length)).to.equal(true);
    expect(() => jsonForm.isEnd(bad, 0, bad.length)).to.throw("a stream failed");
    expect(protoForm.isEnd(Buffer.from("0901", "hex"), 0, 2)).to.equal(true);
    expect(() => protoForm.isEnd(Buffer.from("09016005", "hex"), 0, 4)).to.throw("a stream failed");
  });
});

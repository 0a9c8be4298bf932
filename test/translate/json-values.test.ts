// Taking a body apart into JSON values, however it comes in pieces.
import { expect } from "chai";
import fc from "fast-check";
import { GatewayError } from "../../src/status.ts";
import { JsonValues } from "../../src/translate/request/json-values.ts";
import { pushChunk } from "../../src/translate/request/push-chunk.ts";
import type { JsonValuesOptions } from "../../src/translate/request/json-values.ts";

const options: JsonValuesOptions = { unwrapsArray: true, maxValueBytes: 1000, maxDepth: 5 };

/** The values, and the message of the error that ended them. */
function split(chunks: readonly (string | Buffer)[], given: Partial<JsonValuesOptions> = {}): string[] {
  const values = new JsonValues({ ...options, ...given });
  const found: string[] = [];
  const take = (): void => {
    for (let value = values.next(); value !== undefined; value = values.next()) found.push(value.toString());
  };
  try {
    for (const chunk of chunks) {
      values.append(Buffer.from(chunk as string));
      take();
    }
    values.end();
    take();
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    return [...found, `${error.reason}: ${error.message}`];
  }
  expect(values.isDone).to.equal(true);
  return found;
}

describe("JsonValues", () => {
  it("gives out the elements of an array", () => {
    expect(split(['[{"a":1}, "x" ,2,null , [3,[4]]]'])).to.deep.equal(['{"a":1}', '"x"', "2", "null", "[3,[4]]"]);
    expect(split(["[]"])).to.deep.equal([]);
    expect(split([" [ ] "])).to.deep.equal([]);
  });

  it("gives out values one after the other, on lines or not", () => {
    expect(split(['{"a":1}\n{"a":2}\r\n\n{"a":3}{"a":4} 5 "x""y"true'])).to.deep.equal([
      '{"a":1}',
      '{"a":2}',
      '{"a":3}',
      '{"a":4}',
      "5",
      '"x"',
      '"y"',
      "true",
    ]);
    expect(split([""])).to.deep.equal([]);
    expect(split([" \n\t"])).to.deep.equal([]);
  });

  it("takes an array for a value where values come by lines", () => {
    expect(split(["[1,2]\n[3]\n"], { unwrapsArray: false })).to.deep.equal(["[1,2]", "[3]"]);
    expect(split(["[[1,2],[3]]"])).to.deep.equal(["[1,2]", "[3]"]);
  });

  it("is not fooled by brackets, quotes and backslashes in strings", () => {
    const value = String.raw`{"a]}\"[{\\":"\\"}`;
    expect(split([`[${value},${value}]`])).to.deep.equal([value, value]);
  });

  it("gives out the same for every way of cutting the body into pieces", () => {
    const values = fc.array(fc.json({ maxDepth: 3 }), { maxLength: 8 });
    const cuts = fc.array(fc.nat(400), { maxLength: 12 });
    fc.assert(
      fc.property(values, cuts, fc.boolean(), (texts, places, isArray) => {
        const body = Buffer.from(isArray ? `[${texts.join(",")}]` : texts.join("\n"));
        const at = [0, ...places.map((place) => Math.min(place, body.length)).sort((a, b) => a - b), body.length];
        const chunks = at.slice(1).map((end, index) => body.subarray(at[index], end));
        const given = { unwrapsArray: isArray, maxDepth: 10, maxValueBytes: 100_000 };
        expect(split(chunks, given)).to.deep.equal(texts);
      }),
    );
  });

  it("gives out nothing before somebody asks", () => {
    const values = new JsonValues(options);
    values.append(Buffer.from("[1,2"));
    expect([values.next()?.toString(), values.next(), values.count, values.offset]).to.deep.equal([
      "1",
      undefined,
      1,
      3,
    ]);
    values.append(Buffer.from("0,3]"));
    expect([values.next()?.toString(), values.offset]).to.deep.equal(["20", 3]);
    values.end();
    expect([values.next()?.toString(), values.next(), values.isDone]).to.deep.equal(["3", undefined, true]);
  });

  it("gives out what the body cuts off, for its reader to say so", () => {
    expect(split(['{"a":1}{"b'])).to.deep.equal(['{"a":1}', '{"b']);
    expect(split(['{"a":', "[1"])).to.deep.equal(['{"a":[1']);
  });

  it("says where the list is wrong", () => {
    const refused = (body: string): string | undefined => split([body]).at(-1);
    expect(refused("[1 2]")).to.equal(
      'JSON_SYNTAX: found "2" after a value where "," or "]" is expected (after 1 message, at byte 3 of the body)',
    );
    expect(refused("[1,]")).to.equal(
      'JSON_SYNTAX: found "]" where a JSON value is expected (after 1 message, at byte 3 of the body)',
    );
    expect(refused("[,1]")).to.contain("at byte 1 of the body");
    expect(refused("[1][2]")).to.contain("the body goes on after its array");
    expect(refused("[1,2")).to.equal(
      'JSON_SYNTAX: the body ends inside its array where "," or "]" is expected (after 2 messages, at byte 4 of the body)',
    );
    expect(refused("[1,")).to.contain("where a value is expected");
    expect(refused("1,2")).to.contain('found "," where a JSON value is expected');
    expect(refused("}")).to.contain('found "}" where a JSON value is expected');
  });

  it("bounds a value in size, whether or not it comes in one piece", () => {
    const long = JSON.stringify("x".repeat(1000));
    const message =
      "BODY_TOO_LARGE: message [1] of the stream is larger than 1000 bytes; it begins at byte 3 of the body";
    expect(split([`[1,${long}]`]).at(-1)).to.equal(message);
    expect(split(["[1,", ...long.split("")]).at(-1)).to.equal(message);
    expect(split([`[${JSON.stringify("x".repeat(998))}]`])[0]).to.have.lengthOf(1000);
  });

  it("bounds a value in depth: its reader gets what came so far, and nothing follows", () => {
    const found = split([`[${"[".repeat(6)}${"]".repeat(6)},1]`]);
    expect(found).to.deep.equal(["[[[[[[", "DEPTH_EXCEEDED: message [0] is nested deeper than 5 levels"]);
  });

  it("holds many small chunks in few objects", () => {
    const values = new JsonValues({ ...options, maxValueBytes: 100_000 });
    const body = JSON.stringify(["x".repeat(20_000), "y"]);
    const before = body.slice(0, 10_000);
    for (const byte of Buffer.from(before)) values.append(Buffer.from([byte]));
    expect(values.next()).to.equal(undefined);
    for (const byte of Buffer.from(body.slice(10_000))) values.append(Buffer.from([byte]));
    values.end();
    expect([values.next()?.length, values.next()?.toString(), values.isDone]).to.deep.equal([20_002, '"y"', false]);
    expect([values.next(), values.isDone]).to.deep.equal([undefined, true]);
  });
});

describe("pushChunk", () => {
  it("keeps the order, and few chunks, whatever comes", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 500 }), (parts) => {
        const chunks: Buffer[] = [];
        for (const part of parts) pushChunk(chunks, Buffer.from(part), 0);
        expect(Buffer.concat(chunks).equals(Buffer.concat(parts))).to.equal(true);
        expect(chunks.length).to.be.at.most(20);
      }),
    );
  });
});

// HPACK against the examples of RFC 7541 appendix C, broken blocks, limits, and against itself.
import { expect } from "chai";
import fc from "fast-check";
import { HpackDecoder } from "../../src/http2/hpack-decode.ts";
import { compileHeaders, headersBound, writeHeaders } from "../../src/http2/hpack-encode.ts";
import { decodeHuffman, huffmanLength, writeHuffman } from "../../src/http2/huffman.ts";
import { isAnswerField } from "../../src/http2/header-text.ts";
import { defaultLimits } from "../../src/http2/limits.ts";
import { literals } from "./support/raw-peer.ts";

const request1 = [":method", "GET", ":scheme", "http", ":path", "/", ":authority", "www.example.com"];
const request2 = [...request1, "cache-control", "no-cache"];
const request3 = [":method", "GET", ":scheme", "https", ":path", "/index.html", ":authority", "www.example.com"];
const custom = [...request3, "custom-key", "custom-value"];
const date = "Mon, 21 Oct 2013 20:13:21 GMT";
const response = ["cache-control", "private", "date", date, "location", "https://www.example.com"];
const cookie = "foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1";
const lastResponse = [
  ":status",
  "200",
  "cache-control",
  "private",
  "date",
  "Mon, 21 Oct 2013 20:13:22 GMT",
  "location",
  "https://www.example.com",
  "content-encoding",
  "gzip",
  "set-cookie",
  cookie,
];
const responses = [[":status", "302", ...response], [":status", "307", ...response], lastResponse];
/** A table of 256 bytes: the examples of C.5 and C.6 are made for it. */
const smallTable = "3fe101";

const examples: readonly (readonly [name: string, blocks: readonly string[], lists: readonly (readonly string[])[]])[] =
  [
    [
      "C.2.1 literal with indexing",
      ["400a637573746f6d2d6b65790d637573746f6d2d686561646572"],
      [["custom-key", "custom-header"]],
    ],
    ["C.2.2 literal without indexing", ["040c2f73616d706c652f70617468"], [[":path", "/sample/path"]]],
    ["C.2.3 literal never indexed", ["100870617373776f726406736563726574"], [["password", "secret"]]],
    ["C.2.4 indexed", ["82"], [[":method", "GET"]]],
    [
      "C.3 requests",
      [
        "828684410f7777772e6578616d706c652e636f6d",
        "828684be58086e6f2d6361636865",
        "828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565",
      ],
      [request1, request2, custom],
    ],
    [
      "C.4 requests with Huffman",
      [
        "828684418cf1e3c2e5f23a6ba0ab90f4ff",
        "828684be5886a8eb10649cbf",
        "828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf",
      ],
      [request1, request2, custom],
    ],
    [
      "C.5 responses",
      [
        `${smallTable}4803333032580770726976617465611d4d6f6e2c203231204f637420323031332032303a31333a323120474d546e1768747470733a2f2f7777772e6578616d706c652e636f6d`,
        "4803333037c1c0bf",
        "88c1611d4d6f6e2c203231204f637420323031332032303a31333a323220474d54c05a04677a69707738666f6f3d4153444a4b48514b425a584f5157454f50495541585157454f49553b206d61782d6167653d333630303b2076657273696f6e3d31",
      ],
      responses,
    ],
    [
      "C.6 responses with Huffman",
      [
        `${smallTable}488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b97c8e9ae82ae43d3`,
        "4883640effc1c0bf",
        "88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2e6c7b335dfdfcd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007",
      ],
      responses,
    ],
  ];

const broken: readonly (readonly [what: string, hex: string, message: string])[] = [
  ["index 0", "80", "no field has number 0"],
  ["an index beyond both tables", "be", "no field has number 62"],
  ["an index whose integer never ends", "ffffffffffffff", "an integer too large"],
  ["an integer cut off", "ff", "the block ends within a field"],
  ["a string longer than the block", "000a6162", "the block ends within a string"],
  ["a length of 2^28 and more", "007fffffffffff01", "an integer too large"],
  ["a name without a value", "000161", "the block ends within a field"],
  ["a size update after a field", "8220", "a table size update after a field"],
  ["a table larger than offered", "3fe21f", "a table of 4097 bytes was never offered"],
  ["Huffman padding of eight ones", "000161820fff", "not in the Huffman code"],
  ["Huffman padding of zeros", "0001618100", "not in the Huffman code"],
  ["the end-of-string symbol", "00016184ffffffff", "not in the Huffman code"],
];

function decoder(limits: Partial<typeof defaultLimits> = {}): HpackDecoder {
  return new HpackDecoder({ ...defaultLimits, ...limits });
}

function decode(target: HpackDecoder, hex: string): ReturnType<HpackDecoder["decode"]> {
  const bytes = Buffer.from(hex, "hex");
  return target.decode(bytes, 0, bytes.length);
}

describe("HpackDecoder", () => {
  for (const [name, blocks, lists] of examples) {
    it(`reads RFC 7541 ${name}`, () => {
      const target = decoder();
      expect(blocks.map((block) => decode(target, block).headers)).to.deep.equal(lists);
    });
  }

  for (const [what, hex, message] of broken) {
    it(`refuses ${what}`, () => {
      expect(() => decode(decoder(), hex)).to.throw(message);
    });
  }

  it("takes blanks at the ends of values in answers, and in nothing else", () => {
    const field = (name: string, value: string): string => {
      const text = (part: string): string =>
        Buffer.from([part.length]).toString("hex") + Buffer.from(part).toString("hex");
      return `00${text(name)}${text(value)}`;
    };
    const ofAnswers = new HpackDecoder(defaultLimits, isAnswerField);
    const { headers, malformed } = decode(ofAnswers, field("x-message", " a "));
    expect([headers, malformed]).to.deep.equal([["x-message", " a "], undefined]);
    expect(decode(ofAnswers, field("x-message", " \n ")).malformed).to.include("x-message");
    expect(decode(decoder(), field("x-message", " a ")).malformed).to.include("x-message");
  });

  it("pushes the oldest fields out of a full table", () => {
    const target = decoder();
    // Room for one field of 32 + 10 + 5 bytes, not for two.
    decode(target, "3f31");
    decode(target, "400a637573746f6d2d6b6579056669727374");
    expect(decode(target, "be").headers).to.deep.equal(["custom-key", "first"]);
    decode(target, "400a637573746f6d2d6b6579067365636f6e64");
    expect(decode(target, "be").headers).to.deep.equal(["custom-key", "second"]);
    expect(() => decode(target, "bf")).to.throw("no field has number 63");
  });

  it("empties the table for a field larger than it", () => {
    const target = decoder();
    decode(target, "3f01400161016240016301640000".slice(0, -4));
    expect(() => decode(target, "be")).to.throw("no field has number 62");
  });

  it("keeps hundreds of fields of one table in order", () => {
    const target = decoder({ headerTableBytes: 65_536, maxHeaderFields: 1000, maxHeaderListBytes: 1_000_000 });
    decode(target, "3fe1ff03");
    for (let at = 0; at < 300; at++) {
      const value = Buffer.from(String(at).padStart(4, "0")).toString("hex");
      decode(target, `40016104${value}`);
    }
    // 62 is the newest, 62 + 299 the oldest.
    expect(decode(target, "be").headers).to.deep.equal(["a", "0299"]);
    expect(decode(target, "ffea01").headers).to.deep.equal(["a", "0000"]);
  });

  it("stops keeping fields over the limit of bytes, and knows the table afterwards", () => {
    const target = decoder({ maxHeaderListBytes: 100 });
    const block = decode(target, "4001610162400163016440016501664001670168");
    expect(block.isTooLarge).to.equal(true);
    expect(block.headers).to.deep.equal(["a", "b", "c", "d"]);
    expect(decode(target, "be").headers).to.deep.equal(["g", "h"]);
  });

  it("stops at the limit of fields", () => {
    const block = decode(decoder({ maxHeaderFields: 2 }), "828684");
    expect(block.isTooLarge).to.equal(true);
    expect(block.headers).to.have.length(4);
  });

  it("counts a field as often as it is referred to", () => {
    const target = decoder();
    const value = "61".repeat(4000);
    decode(target, `4001617fa11e${value}`);
    const block = decode(target, "be".repeat(10_000));
    expect(block.isTooLarge).to.equal(true);
    expect(block.headers.length).to.be.at.most(8);
  });

  it("hands out the same block for the same bytes from the third time on", () => {
    const target = decoder();
    const block = literals("a", "b", "c", "d");
    const [, second, third] = [1, 2, 3].map(() => target.decode(block, 0, block.length));
    expect(third).to.equal(second);
    expect(third.headers).to.deep.equal(["a", "b", "c", "d"]);
  });

  it("does not hand out a block that a change of the table gave another meaning", () => {
    const target = decoder();
    decode(target, "400161016240016301640000".slice(0, -4));
    for (let round = 0; round < 3; round++) expect(decode(target, "be").headers).to.deep.equal(["c", "d"]);
    decode(target, "4001650166");
    expect(decode(target, "be").headers).to.deep.equal(["e", "f"]);
    decode(target, "20");
    expect(() => decode(target, "be")).to.throw("no field");
  });

  it("never remembers a block that adds to the table", () => {
    const target = decoder();
    for (let round = 0; round < 4; round++) decode(target, "4001610162");
    expect(decode(target, "c1").headers).to.deep.equal(["a", "b"]);
  });

  it("reports names and values no message may have", () => {
    for (const [name, value] of [
      ["A", "b"],
      ["a b", "c"],
      ["", "c"],
      ["a", "b\n"],
      ["a", "\0"],
      ["a", " b"],
      ["a:b", "c"],
    ]) {
      const block = literals(name, value);
      expect(decoder().decode(block, 0, block.length).malformed, JSON.stringify([name, value])).to.be.a("string");
    }
  });

  it("survives any bytes: a list or a COMPRESSION_ERROR", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 64 }), { maxLength: 4 }), (blocks) => {
        const target = decoder();
        for (const block of blocks) {
          try {
            expect(target.decode(Buffer.from(block), 0, block.length).headers.length % 2).to.equal(0);
          } catch (error) {
            expect((error as { code: number }).code).to.equal(9);
            return;
          }
        }
      }),
      { numRuns: 2000 },
    );
  });
});

const names = fc.oneof(
  fc.constantFrom(":path", "accept", "content-type", "cookie", "x-request-id", "grpc-status"),
  fc.stringMatching(/^[a-z0-9-]{1,20}$/),
);
const values = fc.oneof(
  fc.constantFrom("", "/", "gzip, deflate", "application/grpc"),
  fc.stringMatching(/^[!-~\u00a1-\u00ff]{0,300}$/),
);
const fields = fc
  .array(fc.tuple(names, values), { maxLength: 12 })
  .map((pairs) => pairs.filter(([name]) => !["connection", "upgrade", "keep-alive"].includes(name)).flat());

describe("compileHeaders and writeHeaders", () => {
  it("write what the decoder reads, with and without Huffman", () => {
    fc.assert(
      fc.property(fields, fc.boolean(), (list, huffman) => {
        const plain = list.filter((_, at) => !list[at - (at % 2)].startsWith(":"));
        const { bytes } = compileHeaders(plain, { huffman });
        expect(bytes.length).to.be.at.most(headersBound(plain));
        expect(decoder().decode(Buffer.from(bytes), 0, bytes.length).headers).to.deep.equal(plain);
      }),
    );
  });

  it("are shorter with Huffman where text allows it", () => {
    const list = ["user-agent", "sluice of the best kind", "x-name", "some lower-case text"];
    expect(compileHeaders(list, { huffman: true }).bytes.length).to.be.below(compileHeaders(list).bytes.length);
  });

  it("never let secrets into a table", () => {
    const { bytes } = compileHeaders(["authorization", "Bearer x"]);
    expect(bytes[0] & 0xf0).to.equal(0x10);
  });

  it("know whole fields of the static table", () => {
    expect([
      ...compileHeaders([":method", "POST", ":status", "200", "accept-encoding", "gzip, deflate"]).bytes,
    ]).to.deep.equal([0x83, 0x88, 0x90]);
  });

  const refused: readonly (readonly [what: string, list: readonly string[], message: string])[] = [
    ["upper case", ["X-A", "b"], "no header name"],
    ["an empty name", ["", "b"], "no header name"],
    ["a line break in a value", ["a", "b\r\nc: d"], "control character"],
    ["a line break in a long value", ["a", `${"x".repeat(200)}\n`], "control character"],
    ["NUL", ["a", "\0"], "control character"],
    ["white space at the start", ["a", " b"], "white space"],
    ["white space at the end", ["a", "b "], "white space"],
    ["a character above 0xff", ["a", "\u20ac"], "above 0xff"],
    ["connection", ["connection", "close"], "does not exist in HTTP/2"],
    ["transfer-encoding", ["transfer-encoding", "chunked"], "does not exist in HTTP/2"],
    ["a pseudo-header after others", ["a", "b", ":path", "/"], "Pseudo-header"],
    ["an odd list", ["a"], "without a value"],
  ];
  for (const [what, list, message] of refused) {
    it(`refuse ${what}`, () => {
      expect(() => compileHeaders(list)).to.throw(TypeError, message);
    });
  }

  it("refuse pseudo-headers where none may start", () => {
    expect(() => writeHeaders(Buffer.alloc(100), 0, [":path", "/"], false)).to.throw("Pseudo-header");
  });
});

describe("Huffman code", () => {
  it("gives every text back", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const text = Buffer.from(bytes).toString("latin1");
        const out = Buffer.alloc(huffmanLength(text) + 8);
        const end = writeHuffman(out, 4, text);
        expect(end).to.equal(4 + huffmanLength(text));
        expect(decodeHuffman(out, 4, end)).to.equal(text);
      }),
    );
  });

  it("reads texts longer than its working memory", () => {
    const text = "0".repeat(200_000);
    const out = Buffer.alloc(huffmanLength(text));
    writeHuffman(out, 0, text);
    expect(decodeHuffman(out, 0, out.length)).to.equal(text);
  });
});

// The frames of RFC 6455, right and wrong ones, as the cases 1 to 7 of Autobahn's suite have them, to a call that says again what it is told.
import { expect } from "chai";
import { startKit } from "./kit.ts";
import type { KitFixture } from "./kit.ts";
import { encodeFrame, openRawSocket } from "./raw-socket.ts";
import type { RawFrameOptions, RawSocket } from "./raw-socket.ts";

const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;
const { continuation, text, close, ping, pong } = opcodes;

type Sent = readonly [opcode: number, payload?: string | Uint8Array, options?: RawFrameOptions];

const part = { isLast: false };
const message = (said: string): string => JSON.stringify({ text: said });
const hello = message("hello");
const [start, end] = [hello.slice(0, 7), hello.slice(7)];
/** Half-close: the call ends well when it has said everything. */
const done: Sent = [text, ""];

/** A close frame's payload. */
function closing(code: number, reason: string | Uint8Array = ""): Buffer {
  return Buffer.concat([Buffer.from([code >> 8, code & 0xff]), Buffer.from(reason)]);
}

const right: readonly (readonly [what: string, sent: readonly Sent[], answered: readonly string[]])[] = [
  ["a ping without a payload", [[ping], done], ["pong "]],
  ["a ping of 125 bytes", [[ping, "x".repeat(125)], done], [`pong ${"x".repeat(125)}`]],
  ["pongs that nobody asked for", [[pong], [pong, "x"], [ping, "y"], done], ["pong y"]],
  ["a message in two fragments", [[text, start, part], [continuation, end], done], ["hello"]],
  ["empty fragments", [[text, "", part], [continuation, "", part], [continuation, hello], done], ["hello"]],
  [
    "control frames between fragments",
    [[text, start, part], [ping, "1"], [continuation, "", part], [pong], [ping, "2"], [continuation, end], done],
    ["pong 1", "pong 2", "hello"],
  ],
];

/** Whole, and byte by byte in fragments: also in the middle of characters. */
const texts = [
  "κόσμε",
  "\u007f\u0080",
  "\u07ff\u0800",
  "\ud7ff\ue000\ufffd\ufffe\uffff",
  "\u{10000}\u{1fffe}\u{10ffff}",
  "\ufeffx",
];

const wrong: readonly (readonly [what: string, sent: readonly Sent[], code: number])[] = [
  ...[1, 2, 3, 4, 5, 6, 7].flatMap((bits) =>
    [text, ping, close].map((opcode) => {
      const payload = opcode === close ? closing(1000) : "{}";
      return [
        `opcode ${opcode} with reserved bits ${bits}`,
        [[opcode, payload, { reserved: bits << 4 }]],
        1002,
      ] as const;
    }),
  ),
  ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((opcode) => [`opcode ${opcode}`, [[opcode, "x"]], 1002] as const),
  ...[text, ping, close].map(
    (opcode) => [`opcode ${opcode} unmasked`, [[opcode, closing(1000), { isMasked: false }]], 1002] as const,
  ),
  ...[ping, pong, close].map((opcode) => [`opcode ${opcode} in fragments`, [[opcode, "", part]], 1002] as const),
  ...[ping, pong, close].map(
    (opcode) => [`opcode ${opcode} of 126 bytes`, [[opcode, closing(1000, "x".repeat(124))]], 1002] as const,
  ),
  ["a continuation of nothing", [[continuation, hello]], 1002],
  [
    "a continuation of what is whole",
    [
      [text, start, part],
      [continuation, end],
      [continuation, "x", part],
    ],
    1002,
  ],
  [
    "a message within another",
    [
      [text, start, part],
      [text, end],
    ],
    1002,
  ],
  ["a close frame of one byte", [[close, "x"]], 1002],
  ...[0, 999, 1004, 1005, 1006, 1015, 1016, 2000, 2999, 5000, 65_535].map(
    (code) => [`close code ${code}`, [[close, closing(code)]], 1002] as const,
  ),
  ...[
    "80",
    "c0af",
    "e09fbf",
    "f08fbfbf",
    "eda080",
    "eda080edb080",
    "f4908080",
    "f888808080",
    "fe",
    "c3",
    "e0a0",
  ].flatMap((hex) => {
    const bytes = Buffer.from(hex, "hex");
    return [
      [`text with ${hex}`, [[text, Buffer.concat([Buffer.from('"'), bytes, Buffer.from('"')])]], 1007],
      [
        `text with ${hex} in fragments`,
        [
          [text, '"', part],
          [continuation, bytes, part],
          [continuation, '"'],
        ],
        1007,
      ],
      [`a close reason with ${hex}`, [[close, closing(1000, bytes)]], 1007],
    ] as const;
  }),
];

const closes = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999];

describe("the frames of a WebSocket", () => {
  let kit: KitFixture;

  before(async () => {
    kit = await startKit();
  });

  after(() => kit.close());

  const open = async (sent: readonly Sent[]): Promise<RawSocket> => {
    const client = await openRawSocket(kit, "/v1/rooms/7/talk");
    client.raw.send(Buffer.concat(sent.map(([opcode, payload = "", options]) => toBytes(opcode, payload, options))));
    return client;
  };
  const toBytes = (opcode: number, payload: string | Uint8Array, options?: RawFrameOptions): Buffer =>
    encodeFrame(opcode, Buffer.from(payload), options);

  /** What was answered before the close frame, and its code. */
  const play = async (sent: readonly Sent[]): Promise<readonly (string | number)[]> => {
    const client = await open(sent);
    const answers: (string | number)[] = [];
    for (;;) {
      const { opcode, payload } = await client.next();
      if (opcode === close) {
        answers.push(payload.length < 2 ? 1005 : payload.readUInt16BE(0));
        client.raw.close();
        return answers;
      }
      if (opcode === pong) answers.push(`pong ${payload.toString()}`);
      else answers.push((JSON.parse(payload.toString()) as { readonly text: string }).text);
    }
  };

  for (const [what, sent, answered] of right)
    it(`answers ${what}`, async () => {
      expect(await play(sent)).to.deep.equal([...answered, 1000]);
    });

  for (const said of texts)
    it(`takes ${encodeURI(said)} as it is, wherever it is cut`, async () => {
      const bytes = Buffer.from(message(said));
      const cut = Array.from(bytes, (byte, at): Sent => {
        return [at === 0 ? text : continuation, Buffer.from([byte]), { isLast: at === bytes.length - 1 }];
      });
      expect(await play([[text, bytes], ...cut, done])).to.deep.equal([said, said, 1000]);
    });

  for (const [what, sent, code] of wrong)
    it(`ends with ${code} for ${what}`, async () => {
      const answers = await play([...sent, [ping, "too late"]]);
      expect(answers).to.deep.equal([code]);
    });

  for (const code of closes)
    it(`says close code ${code} again, and nothing after it`, async () => {
      const reason = code === 1000 ? "x".repeat(123) : "";
      expect(await play([[close, closing(code, reason)], [ping], [text, hello]])).to.deep.equal([code]);
    });

  it("says nothing of why again where the client does not", async () => {
    expect(await play([[close]])).to.deep.equal([1005]);
  });
});

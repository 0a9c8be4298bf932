import { expect } from "chai";
import { setImmediate as turn } from "node:timers/promises";
import { Code, GatewayError } from "../../src/status.ts";
import { MessageQueue } from "../../src/upstream/message-queue.ts";

function createQueue(window: number): { readonly queue: MessageQueue; readonly rooms: number[] } {
  const rooms: number[] = [];
  const queue = new MessageQueue({
    window,
    onRoom: () => rooms.push(rooms.length),
    expand: (bytes) => Buffer.concat([Buffer.from("expanded "), bytes]),
  });
  return { queue, rooms };
}

async function readTexts(queue: MessageQueue, count: number): Promise<string[]> {
  const texts: string[] = [];
  for (let i = 0; i < count; i++) texts.push(Buffer.from((await queue.read()) ?? "the end").toString());
  return texts;
}

describe("MessageQueue", () => {
  it("hands out messages in their order, whatever has waited how long", async () => {
    const { queue } = createQueue(200);
    for (const text of ["a", "", "c", "d"]) queue.push(Buffer.from(text));
    await turn();
    queue.push(Buffer.from("e"), true);
    queue.push(Buffer.from("f"));
    expect(await readTexts(queue, 1)).to.deep.equal(["a"]);
    await turn();
    queue.push(Buffer.from("g"));
    queue.end();
    expect(await readTexts(queue, 7)).to.deep.equal(["", "c", "d", "expanded e", "f", "g", "the end"]);
  });

  it("keeps messages that wait beyond the turn apart from what they came in", async () => {
    const { queue } = createQueue(100);
    const chunk = Buffer.alloc(65_536, 1);
    queue.push(chunk.subarray(0, 10));
    queue.push(chunk.subarray(10, 30));
    await turn();
    chunk.fill(2);
    const first = await queue.read();
    const second = await queue.read();
    expect([first, second].map((message) => message?.[0])).to.deep.equal([1, 1]);
    expect([first?.length, second?.length]).to.deep.equal([10, 20]);
    expect(first?.buffer.byteLength).to.equal(40);
  });

  it("leaves messages where they are that are read within the turn", async () => {
    const { queue } = createQueue(150);
    const chunk = Buffer.alloc(100);
    queue.push(chunk.subarray(0, 40));
    queue.push(chunk.subarray(40));
    const first = await queue.read();
    await turn();
    expect(first?.buffer).to.equal(chunk.buffer);
    expect((await queue.read())?.buffer).to.equal(chunk.buffer);
  });

  it("tells once that there is room, when reading has brought it below its window", async () => {
    const { queue, rooms } = createQueue(150);
    for (let i = 0; i < 4; i++) queue.push(Buffer.alloc(10));
    await turn();
    expect(queue.hasRoom).to.equal(false);
    await readTexts(queue, 4);
    expect(queue.hasRoom).to.equal(true);
    expect(rooms).to.have.length(1);
  });

  it("drops what was packed when the call is cancelled", async () => {
    const { queue } = createQueue(10);
    queue.push(Buffer.alloc(10));
    await turn();
    queue.abort(new GatewayError(Code.CANCELLED, "gone"));
    let error: unknown;
    await queue.read().catch((cause: unknown) => (error = cause));
    expect(error).to.have.property("message", "gone");
  });
});

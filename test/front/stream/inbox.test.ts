import { expect } from "chai";
import { Inbox } from "../../../src/front/stream/inbox.ts";
import { Code, GatewayError } from "../../../src/status.ts";

const bytes = (length: number): Uint8Array => new Uint8Array(length);

describe("Inbox", () => {
  it("hands messages out in order, and tells their bytes", async () => {
    const taken: number[] = [];
    const inbox = new Inbox((length) => void taken.push(length));
    inbox.push(bytes(1));
    inbox.push(bytes(2));
    expect([inbox.waiting, inbox.waitingBytes, taken]).to.deep.equal([2, 3, []]);
    expect((await inbox.read())?.length).to.equal(1);
    const [second, third] = [inbox.read(), inbox.read()];
    inbox.push(bytes(3));
    expect([(await second)?.length, (await third)?.length]).to.deep.equal([2, 3]);
    expect([inbox.waiting, inbox.waitingBytes, taken]).to.deep.equal([0, 0, [1, 2, 3]]);
  });

  it("ends after what waits", async () => {
    const inbox = new Inbox(() => {});
    inbox.push(bytes(1));
    inbox.end();
    inbox.push(bytes(2));
    expect((await inbox.read())?.length).to.equal(1);
    expect(await inbox.read()).to.equal(undefined);
    expect(await inbox.read()).to.equal(undefined);
    expect(inbox.isEnded).to.equal(true);
  });

  it("fails at once, also those who wait, and after its end", async () => {
    const gone = new GatewayError(Code.CANCELLED, "gone");
    const inbox = new Inbox(() => {});
    const waiting = inbox.read().catch((error: unknown) => error);
    inbox.fail(gone);
    expect(await waiting).to.equal(gone);
    const ended = new Inbox(() => {});
    ended.push(bytes(5));
    ended.end();
    ended.fail(gone);
    expect(await ended.read().catch((error: unknown) => error)).to.equal(gone);
    expect(ended.waitingBytes).to.equal(0);
  });
});

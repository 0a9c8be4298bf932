// New credentials on a multiplexed socket: what is open goes on under them, message by message.
import { expect } from "chai";
import { secretIssuer, tokenOf } from "../../matrix/secret-issuer.ts";
import { MuxConnection } from "../../support/stream-mux-client.ts";
import { startStreamGateway } from "../../support/stream-gateway.ts";
import type { StreamGateway } from "../../support/stream-gateway.ts";

const rooms = (...names: readonly string[]): string => tokenOf({ sub: "ada", rooms: names });

for (const form of ["json", "proto"] as const)
  describe(`new credentials on a socket of sluice.mux.v1.${form}`, () => {
    let gateway: StreamGateway;
    let connection: MuxConnection;

    before(async () => {
      gateway = await startStreamGateway({
        yaml: `${secretIssuer}  rules:\n    - { name: rooms, methods: [streams.Streams.Chat], when: "req.text in claims.rooms" }\n`,
      });
    });
    after(() => gateway.close());

    beforeEach(async () => {
      const url = `ws://${gateway.host}:${gateway.port}/-/stream`;
      connection = await MuxConnection.open(url, form, rooms("one", "two"));
    });
    afterEach(() => connection.socket.terminate());

    const talk = async (more: object = {}) => {
      const call = connection.stream("bidi-streaming", { window: 8, ...more });
      call.send({ text: "one", count: 1 });
      await call.until(1);
      return call;
    };
    const renew = async (token: string): Promise<void> => {
      const ready = connection.next("ready");
      connection.write({ t: "auth", auth: `Bearer ${token}` });
      await ready;
    };

    it("judge the messages that come after them, of what is open as well", async () => {
      const [allowed, refused] = [await talk(), await talk()];
      await renew(rooms("two", "three"));
      allowed.send({ text: "three" });
      await allowed.until(2);
      refused.send({ text: "one" });
      expect(await refused.ended).to.include({ code: 7, message: "not allowed" });
      allowed.end();
      expect((await allowed.ended).code).to.equal(0);
    });

    it("leave calls as they are that brought credentials of their own", async () => {
      const own = await talk({ ownBearer: rooms("one", "own") });
      await renew(rooms("two"));
      own.send({ text: "own" });
      await own.until(2);
      own.send({ text: "two" });
      expect((await own.ended).code).to.equal(7);
    });

    it("end with the socket what is open when they are another's", async () => {
      const call = await talk();
      connection.write({ t: "auth", auth: `Bearer ${tokenOf({ sub: "bob", rooms: ["one"] })}` });
      expect((await call.ended).how).to.match(/^close 4016 /);
    });
  });

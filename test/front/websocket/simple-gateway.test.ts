// Simple mode through a whole gateway, over both transports, in front of a real gRPC backend: every kind of call in both encodings.
import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { ServerDuplexStream } from "@grpc/grpc-js";
import { expect } from "chai";
import { createGateway } from "../../../src/gateway.ts";
import type { Gateway } from "../../../src/gateway.ts";
import { BackendError, startBackend, toStatus } from "../../support/backend.ts";
import type { Backend, StreamBackend } from "../../support/backend.ts";
import { loadSource, toMessage } from "../../support/gateway.ts";
import { kitSchema } from "./kit-service.ts";
import { openClient } from "./kit.ts";
import type { KitClient, Received } from "./kit.ts";
import { unshed } from "../../support/unshed.ts";

type Call = ServerDuplexStream<Buffer, Buffer>;

const event = (json: string): Buffer => toMessage(kitSchema, "kit.v1.Event", json);

describe("simple mode through a gateway", () => {
  for (const transport of ["native", "grpc-js"] as const) {
    describe(`over the ${transport} transport`, () => {
      let backend: Backend;
      let gateway: Gateway;
      let url: string;
      let onCall: (call: Call) => void;
      const clients: KitClient[] = [];

      const stream = (serve: (call: Call) => void): StreamBackend => ({
        stream: (call) => {
          onCall(call);
          serve(call);
        },
      });
      const nextCall = (): Promise<Call> => new Promise((resolve) => (onCall = resolve));

      before(async () => {
        onCall = () => {};
        backend = await startBackend({
          "/kit.v1.Kit/Watch": stream((call) => {
            call.on("data", (request: Buffer) => {
              // `count`, the second field, says how many.
              const at = request.indexOf(0x10);
              const count = at < 0 ? 0 : request[at + 1];
              for (let number = 1; number <= count; number++) call.write(event(`{"room":"7","number":${number}}`));
              if (count > 0) call.end();
            });
          }),
          "/kit.v1.Kit/Talk": stream((call) => {
            call.on("data", (message: Buffer) => void call.write(message));
            call.on("end", () => call.end());
          }),
          "/kit.v1.Kit/Upload": stream((call) => {
            let count = 0;
            call.on("data", () => count++);
            call.on("end", () => {
              call.write(toMessage(kitSchema, "kit.v1.Summary", `{"count":${count}}`));
              call.end();
            });
          }),
          "/kit.v1.Kit/Search": stream((call) => {
            call.on("data", () => {
              call.write(event('{"number":1}'));
              const details = toMessage(
                kitSchema,
                "google.rpc.Status",
                '{"code":8,"message":"enough","details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"3s"}]}',
              );
              call.emit("error", toStatus(new BackendError(8, "enough", details)));
            });
          }),
        });
        const protos = { "kit.proto": readFileSync("test/protocol/kit.proto", "utf8") };
        const { project, problems } = await loadSource({ protos });
        if (project === undefined) throw new Error(problems.join("\n"));
        const upstreams = [{ service: undefined, target: backend.target, tls: undefined }];
        gateway = createGateway({ ...project, config: unshed({ ...project.config, transport, upstreams }) });
        const { host, port } = await gateway.listen();
        url = `ws://${host}:${port}`;
      });
      after(async () => {
        for (const client of clients) client.socket.terminate();
        await gateway.close();
        await backend.close();
      });

      const connect = async (path: string): Promise<KitClient> => {
        const client = await openClient(url + path, [], {});
        clients.push(client);
        return client;
      };
      const shown = (frames: readonly Received[]): string[] =>
        frames.map((frame) => ("text" in frame ? frame.text : frame.binary.toString("hex")));

      const encodings = [
        ["json", (json: string) => json, (json: string) => json],
        ["proto", (json: string) => event(json), (json: string) => event(json).toString("hex")],
      ] as const;
      for (const [encoding, write, shownAs] of encodings) {
        it(`serves every kind of call in ${encoding}`, async () => {
          const watch = await (await connect(`/v1/rooms/7/events?count=2&$alt=${encoding}`)).rest();
          expect(watch.code).to.equal(1000);
          expect(shown(watch.frames)).to.deep.equal(
            [1, 2].map((number) => shownAs(`{"room":"7","number":${number},"text":""}`)),
          );
          const talk = await connect(`/v1/rooms/7/talk?$alt=${encoding}`);
          talk.socket.send(write('{"text":"a"}'));
          await talk.next();
          talk.socket.send(write('{"text":"b"}'));
          expect(shown([await talk.next()])).to.deep.equal([shownAs('{"room":"","number":0,"text":"b"}')]);
          talk.socket.send("");
          expect((await talk.rest()).code).to.equal(1000);
          const upload = await connect(`/v1/rooms/7/upload?$alt=${encoding}`);
          for (const text of ["a", "b", "c"]) upload.socket.send(write(`{"text":"${text}"}`));
          upload.socket.send("");
          const { frames, code } = await upload.rest();
          expect([frames.length, code]).to.deep.equal([1, 1000]);
        });
      }

      it("tells a backend's error with its details, after what came before it", async () => {
        const client = await connect("/v1/rooms/7/search");
        client.socket.send("{}");
        const { frames, code, reason } = await client.rest();
        expect(shown(frames)).to.deep.equal([
          '{"room":"","number":1,"text":""}',
          '{"@status":{"code":8,"status":"RESOURCE_EXHAUSTED","message":"enough","details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"3s"}]}}',
        ]);
        expect([code, reason]).to.deep.equal([4008, "RESOURCE_EXHAUSTED: enough"]);
      });

      it("tells a page that a method is not there", async () => {
        const client = await connect("/v1/rooms/7/values");
        expect((await client.rest()).code).to.equal(4012);
      });

      it("cancels the call at the backend when the client goes", async () => {
        for (const leave of ["close", "terminate"] as const) {
          const called = nextCall();
          const client = await connect("/v1/rooms/7/events");
          const call = await called;
          const cancelled = once(call, "cancelled");
          client.socket[leave]();
          await cancelled;
        }
      });
    });
  }
});

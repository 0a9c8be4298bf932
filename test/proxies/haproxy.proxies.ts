// Streams behind haproxy.
import { expect } from "chai";
import { connect } from "../../src/client/client.ts";
import { bindMethods } from "../../src/schema/bind/http-rule.ts";
import { methodInfo, nodeWebSocket } from "../client/fixture.ts";
import { streamSchema } from "../support/stream-backend.ts";
import { startHaproxy } from "./proxy.ts";
import { describeStreamsBehind } from "./suite.ts";

describeStreamsBehind("haproxy", startHaproxy, (behind) => {
  it("is reloaded, and a client takes its stream up where it was", async () => {
    const { gateway, proxy } = behind();
    const bindings = bindMethods(streamSchema, { profile: "strict", bindUnannotated: true, yamlRules: [] }, () => {});
    const client = connect(`http://127.0.0.1:${proxy.port}`, { WebSocket: nodeWebSocket, fetch: false });
    const call = client.stream<{ readonly number: number }>(
      methodInfo({ schema: streamSchema, bindings }, "Follow"),
      { run: "follow", count: 2, next: "hang" },
      { resume: true },
    );
    const first = [await call.next(), await call.next()];
    const run = await gateway.backend.run("follow");
    gateway.backend.forget("follow");
    proxy.program.signal("SIGUSR2");
    await run.cancelled;
    await gateway.backend.run("follow");
    const second = [await call.next(), await call.next()];
    expect([...first, ...second].map(({ value }) => value?.number)).to.deep.equal([1, 2, 3, 4]);
    client.close();
  });
});

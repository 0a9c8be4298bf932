// Streams behind nginx.
import { expect } from "chai";
import { settled } from "../matrix/settled.ts";
import { startNginx } from "./proxy.ts";
import { describeStreamsBehind, events, flood } from "./suite.ts";

describeStreamsBehind("nginx", startNginx, (behind) => {
  it("takes everything from a backend only where it is told not to believe X-Accel-Buffering", async () => {
    const { gateway, proxy } = behind();
    const call = await events.open({ host: proxy.host, port: proxy.bufferingPort ?? 0 }, "server-streaming");
    call.hold();
    call.send({ run: "spooled", ...flood });
    const run = await gateway.backend.run("spooled");
    await settled(gateway, () => run.sent);
    expect(run.sent).to.equal(flood.count);
    call.cancel();
  });
});

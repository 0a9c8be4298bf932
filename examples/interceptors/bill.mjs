// Bills callers for what they use: one line for a call when it ends, with its messages counted as they pass, both ways.
//
//   interceptors:
//     - { module: ./bill.mjs, after: authorize, methods: ["shop.v1.*"], options: { file: bills.jsonl } }
import { createWriteStream } from "node:fs";

/** @param {{ file: string }} options */
export default function bill({ file }) {
  if (typeof file !== "string") throw new Error("options.file says where the bills go");
  const bills = createWriteStream(file, { flags: "a" });
  // What cannot be written must not stop the gateway.
  bills.on("error", (error) => console.error(`bills: ${error.message}`));
  return {
    /** @param {import("sluice").Call} call */
    intercept(call) {
      let sent = 0;
      let received = 0;
      call.onRequest(() => void sent++);
      call.onReply(() => void received++);
      call.onEnd(({ code }) => {
        const principal = call.identity?.principal ?? "nobody";
        bills.write(`${JSON.stringify({ principal, method: call.method.name, sent, received, code })}\n`);
      });
    },
  };
}

// gRPC calls, in protobuf and in JSON.
import { connect } from "node:http2";
import { toMessage } from "../support/gateway.ts";
import type { GatewayFixture } from "../support/gateway.ts";
import { byStatus } from "./attempt.ts";
import type { Attempt, Outcome } from "./attempt.ts";

/** gRPC's status is in the trailers, whose text is not Huffman coded where it is asked for with a table of size 0 only: read by a client. */
export async function grpc(gateway: GatewayFixture, attempt: Attempt, codec: "proto" | "json"): Promise<Outcome> {
  const session = connect(`http://${gateway.host}:${gateway.port}`);
  session.on("error", () => {});
  try {
    const path = attempt.target === undefined || attempt.target === "" ? "/t.S/Put" : attempt.target;
    const headers: Record<string, string> = {
      ":method": "POST",
      ":path": path,
      "content-type": codec === "json" ? "application/grpc+json" : "application/grpc",
      te: "trailers",
    };
    for (const [name, value] of attempt.headers ?? []) headers[name.toLowerCase()] = value;
    return await new Promise<Outcome>((resolve) => {
      let text = "";
      let code: number | undefined;
      const note = (received: Readonly<Record<string, unknown>>): void => {
        text += JSON.stringify(received);
        const status = received["grpc-status"];
        if (status !== undefined) code = Number(status);
        const http = Number(received[":status"] ?? 200);
        if (http !== 200) code ??= byStatus.get(http);
      };
      const stream = session.request(headers);
      stream.on("response", note);
      stream.on("trailers", note);
      stream.on("data", (chunk: Buffer) => (text += chunk.toString("latin1")));
      stream.on("error", () => {});
      stream.on("close", () => resolve({ code, text }));
      const json = attempt.message ?? "{}";
      const message = codec === "json" ? Buffer.from(json) : toMessage(gateway.schema, "t.M", json);
      const prefix = Buffer.alloc(5);
      prefix.writeUInt32BE(message.length, 1);
      stream.end(Buffer.concat([prefix, message]));
    });
  } finally {
    session.destroy();
  }
}

// The service of interop-suite.ts on @grpc/grpc-js, in raw bytes. Prints its port; ends when its input does.
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import {
  Metadata,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerOptions,
  type StatusObject,
} from "@grpc/grpc-js";

type Call = ServerDuplexStream<Buffer, Buffer>;

let cancelled = 0;

const { values } = parseArgs({
  args: process.argv.slice(2).map((argument) => argument.replace(/^-(?=[a-z]{3})/, "--")),
  options: {
    cert: { type: "string" },
    key: { type: "string" },
    streams: { type: "string" },
    age: { type: "string" },
  },
});

const methods: Readonly<Record<string, (call: Call) => void>> = {
  "/t.S/Echo": onMessage((message, call) => {
    const back = new Metadata();
    for (const name of ["x-echo", "x-raw-bin"]) for (const value of call.metadata.get(name)) back.add(name, value);
    call.sendMetadata(back);
    call.write(message);
    call.end(back);
  }),
  "/t.S/Fail": onMessage((message, call) => {
    const [, code, text] = /^(\d+) (.*)$/s.exec(message.toString()) ?? [];
    const metadata = new Metadata();
    metadata.set("x-why", "because");
    call.emit("error", { code: Number(code), details: text, metadata } satisfies Partial<StatusObject>);
  }),
  "/t.S/Watch": onMessage((message, call) => void watch(message, call)),
  "/t.S/Sum": (call) => {
    let count = 0;
    let size = 0;
    call.on("data", (message: Buffer) => {
      count++;
      size += message.length;
    });
    call.on("end", () => {
      call.write(Buffer.from(`${count} ${size}`));
      call.end();
    });
  },
  "/t.S/Chat": (call) => {
    call.on("data", (message: Buffer) => call.write(message));
    call.on("end", () => call.end());
  },
  "/t.S/Hang": (call) => {
    const early = new Metadata();
    early.set("x-early", "1");
    call.sendMetadata(early);
    call.on("cancelled", () => cancelled++);
    call.resume();
  },
  "/t.S/Cancelled": onMessage((_, call) => {
    call.write(Buffer.from(String(cancelled)));
    call.end();
  }),
  "/t.S/Left": onMessage((_, call) => {
    const deadline = call.getDeadline();
    const at = deadline instanceof Date ? deadline.getTime() : deadline;
    call.write(Buffer.from(at === Infinity ? "none" : String(at - Date.now())));
    call.end();
  }),
  "/t.S/Big": onMessage((message, call) => {
    call.write(Buffer.alloc(Number(message.toString())));
    call.end();
  }),
};

function onMessage(answer: (message: Buffer, call: Call) => void): (call: Call) => void {
  return (call) => call.once("data", (message: Buffer) => answer(message, call)).resume();
}

async function watch(message: Buffer, call: Call): Promise<void> {
  const [count, size, code] = message.toString().split(" ").map(Number);
  for (let i = 0; i < count; i++) {
    const next = Buffer.alloc(size);
    if (size > 0) next[0] = i;
    if (!call.write(next)) await new Promise((resolve) => call.once("drain", resolve));
  }
  const trailers = new Metadata();
  trailers.set("x-count", String(count));
  if (code === 0) call.end(trailers);
  else call.emit("error", { code, details: "enough", metadata: trailers });
}

const asIs = (bytes: Buffer): Buffer => bytes;
const options: ServerOptions = {
  "grpc.max_receive_message_length": -1,
  "grpc.max_send_message_length": -1,
  ...(values.streams !== undefined && { "grpc.max_concurrent_streams": Number(values.streams) }),
  ...(values.age !== undefined && { "grpc.max_connection_age_ms": Number.parseInt(values.age, 10) }),
};
const server = new Server(options);
for (const [path, handler] of Object.entries(methods)) {
  server.addService(
    {
      handler: {
        path,
        requestStream: true,
        responseStream: true,
        requestSerialize: asIs,
        requestDeserialize: asIs,
        responseSerialize: asIs,
        responseDeserialize: asIs,
      },
    },
    {
      handler: (call: Call) => {
        call.on("error", () => {});
        handler(call);
      },
    },
  );
}
const credentials =
  values.cert === undefined || values.key === undefined
    ? ServerCredentials.createInsecure()
    : ServerCredentials.createSsl(null, [
        { cert_chain: readFileSync(values.cert), private_key: readFileSync(values.key) },
      ]);
server.bindAsync("127.0.0.1:0", credentials, (error, port) => {
  if (error !== null) throw error;
  console.log(port);
});
process.stdin.on("end", () => process.exit(0)).resume();

// Floor: node:http answering fixed bytes, which no gateway on node:http can undercut. `node hello.js PORT`
import { createServer } from "node:http";
import { item } from "../corpus/load-messages.ts";

const body = Buffer.from(JSON.stringify(item));
const headers = { "content-type": "application/json", "content-length": body.length };

createServer((request, response) => {
  request.resume();
  response.writeHead(200, headers).end(body);
}).listen(Number(process.argv[2]), "127.0.0.1");

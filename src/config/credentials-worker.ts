// A thread that reads a file of credentials once, and tells what is in it: a thousand of them take longer than calls should wait.
import { parentPort, workerData } from "node:worker_threads";
import type { Diagnostic } from "../diagnostic.ts";
import { readCredentials } from "./credentials-file.ts";

const diagnostics: Diagnostic[] = [];
const credentials = readCredentials(String(workerData), (diagnostic) => diagnostics.push(diagnostic));
// oxlint-disable-next-line require-post-message-target-origin -- of windows; a port has no origin
parentPort?.postMessage({ credentials, diagnostics });

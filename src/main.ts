#!/usr/bin/env node
// Where the command begins: in little memory, and with all else loaded only then.
import { keepYoungSpaceSmall } from "./young-space.ts";

keepYoungSpaceSmall();
await import("./program.ts");

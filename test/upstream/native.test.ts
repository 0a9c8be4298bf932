// The native transport passes the suite of all transports.
import { createNativeTransport } from "../../src/upstream/native.ts";
import { describeTransport } from "./transport-suite.ts";

describeTransport("native", createNativeTransport);

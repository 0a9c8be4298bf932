// The grpc-js transport passes the suite of all transports.
import { createGrpcJsTransport } from "../../src/upstream/grpc-js.ts";
import { describeTransport } from "./transport-suite.ts";

describeTransport("grpc-js", createGrpcJsTransport);
